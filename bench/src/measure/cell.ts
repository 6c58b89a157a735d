/** What is measured: one operation, at one size, with so many in flight. */
export interface Cell {
  readonly id: string
  readonly backend: Backend
  readonly operation: Operation
  readonly byteLength: number
  readonly concurrency: number
  /** Operations in a full run; a quick run does a tenth, but never less than a few rounds. */
  readonly count: number
}

export type Operation = 'put' | 'get' | 'put again' | 'stream in' | 'stream out' | 'fork'

/** A chat that is forked has its bytes in so many attachments of equal length. */
export const attachmentsOfChat = 100

export const backends = ['memory', 'fs', 'sqlite', 'postgres', 's3'] as const
export type Backend = (typeof backends)[number]

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** Of every backend: how many operations a full run does, by size, and which part of that where puts come alone. */
const counts: Record<Backend, { small: number; middle: number; big: number; alone: number }> = {
  memory: { small: 200_000, middle: 20_000, big: 1500, alone: 1 },
  fs: { small: 6000, middle: 3000, big: 300, alone: 1 / 4 },
  sqlite: { small: 8000, middle: 4000, big: 300, alone: 1 },
  postgres: { small: 8000, middle: 3000, big: 200, alone: 1 },
  s3: { small: 2000, middle: 1000, big: 200, alone: 1 / 4 },
}

export const cells: readonly Cell[] = backends.flatMap(cellsOf)

function cellsOf(backend: Backend): Cell[] {
  const { small, middle, big, alone } = counts[backend]
  const sizes = [
    [KiB, small],
    [64 * KiB, middle],
    [MiB, big],
  ] as const
  const one = (['put', 'get', 'put again'] as const).flatMap(operation =>
    sizes.flatMap(([byteLength, count]) => [
      cell(backend, operation, byteLength, 1, operation === 'put' ? count * alone : count),
      cell(backend, operation, byteLength, 32, count),
    ]),
  )
  const streams = (['stream in', 'stream out'] as const).map(operation => cell(backend, operation, GiB, 1, 1))
  // Between what one row holds and what needs a stream.
  const long = backend === 'postgres' ? (['put', 'get'] as const).map(each => cell(backend, each, 64 * MiB, 1, 8)) : []
  const fork = cell(backend, 'fork', attachmentsOfChat * 2 * MiB, 1, 3)
  return backend === 'memory' ? [...one, fork] : [...one, ...long, ...streams, fork]
}

function cell(backend: Backend, operation: Operation, byteLength: number, concurrency: number, count: number): Cell {
  return {
    id: `${backend} ${operation} ${sizeText(byteLength)} x${concurrency}`,
    backend,
    operation,
    byteLength,
    concurrency,
    count,
  }
}

/** The backends whose servers the cell needs: the refs of a fork on S3 are in PostgreSQL. */
export function serversOf({ backend, operation }: Cell): Backend[] {
  return backend === 's3' && operation === 'fork' ? ['s3', 'postgres'] : [backend]
}

/** Whether the cell reads; else it puts. */
export function isRead({ operation }: Cell): boolean {
  return operation === 'get' || operation === 'stream out'
}

/** 1 KiB, 64 KiB, 1 MiB, 1 GiB. */
export function sizeText(byteLength: number): string {
  if (byteLength >= GiB) return `${byteLength / GiB} GiB`
  if (byteLength >= MiB) return `${byteLength / MiB} MiB`
  return `${byteLength / KiB} KiB`
}
