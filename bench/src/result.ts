import type { Cell } from './cell.ts'
import type { Contender } from './contender.ts'
import type { Measurement } from './measure.ts'

/** All that one contender did in one cell. */
export interface Sample {
  readonly contender: Contender
  readonly measurements: Measurement[]
  failure: string | undefined
}

/** One contender in one cell: medians over the rounds. */
export interface Row {
  readonly name: string
  readonly role: Contender['role']
  readonly durability: Contender['durability']
  readonly atomic: boolean
  readonly opsPerSecond: number
  readonly megabytesPerSecond: number
  readonly p50: number
  readonly p99: number
  readonly loopDelay: number
  readonly peakMemory: number
}

export interface CellResult {
  readonly cell: Cell
  readonly rows: readonly Row[]
  /** Contenders that could not be measured, and why. */
  readonly failures: readonly { name: string; reason: string }[]
  /** Ours to the fastest peer, and its name. */
  readonly toBestPeer: { ratio: number; name: string } | undefined
  /** Ours to the fastest floor whose durability is at least ours. */
  readonly toFloor: { ratio: number; name: string } | undefined
}

const strength: Record<Contender['durability'], number> = { none: 0, process: 1, 'power cut': 2 }

export function compare(cell: Cell, samples: readonly Sample[]): CellResult {
  const rows = samples.filter(({ measurements }) => measurements.length > 0).map(sample => rowOf(cell, sample))
  const ours = rows.find(({ role }) => role === 'ours')
  const writes = cell.operation !== 'get' && cell.operation !== 'stream out'
  const best = (candidates: Row[]) => {
    const fastest = candidates.sort((a, b) => b.opsPerSecond - a.opsPerSecond)[0]
    if (ours === undefined || fastest === undefined) return undefined
    return { ratio: ours.opsPerSecond / fastest.opsPerSecond, name: fastest.name }
  }
  return {
    cell,
    rows,
    failures: samples.flatMap(({ contender, failure }) =>
      failure === undefined ? [] : [{ name: contender.name, reason: failure }],
    ),
    toBestPeer: best(rows.filter(({ role }) => role === 'peer')),
    toFloor: best(
      rows.filter(
        ({ role, durability }) =>
          role === 'floor' && (!writes || ours === undefined || strength[durability] >= strength[ours.durability]),
      ),
    ),
  }
}

function rowOf(cell: Cell, { contender, measurements }: Sample): Row {
  const { name, role, durability, atomic } = contender
  const opsPerSecond = median(measurements.map(({ operations, seconds }) => operations / seconds))
  return {
    name,
    role,
    durability,
    atomic,
    opsPerSecond,
    megabytesPerSecond: (opsPerSecond * cell.byteLength) / 1e6,
    p50: median(measurements.map(({ p50 }) => p50)),
    p99: median(measurements.map(({ p99 }) => p99)),
    loopDelay: median(measurements.map(({ loopDelay }) => loopDelay)),
    peakMemory: median(measurements.map(({ peakMemory }) => peakMemory)),
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
