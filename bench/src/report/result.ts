import { type Contender, durabilities } from '../contenders/contender.ts'
import { type Cell, isRead } from '../measure/cell.ts'
import type { Measurement } from '../measure/measure.ts'
import { median } from '../measure/statistics.ts'

/** All that one contender did in one cell. */
export interface Sample {
  readonly contender: Contender
  readonly measurements: Measurement[]
  failure: string | undefined
}

/** What is looked at as it was measured. */
type Figure = Exclude<keyof Measurement, 'operations' | 'seconds'>

/** One contender in one cell: medians over the rounds. */
export interface Row extends Readonly<Pick<Measurement, Figure>> {
  readonly name: string
  readonly role: Contender['role']
  readonly durability: Contender['durability']
  readonly atomic: boolean
  readonly verifies: boolean
  readonly opsPerSecond: number
  readonly megabytesPerSecond: number
}

export interface CellResult {
  readonly cell: Cell
  readonly rows: readonly Row[]
  /** Contenders that could not be measured, and why. */
  readonly failures: readonly { name: string; reason: string }[]
  /** Every row of ours, compared. */
  readonly comparisons: readonly Comparison[]
}

/** One of ours against the fastest of the others that promise as much, or nearly. */
export interface Comparison {
  readonly name: string
  /**
   * To the fastest peer whose puts are at most one step less durable; of reads, to any peer, though hardly one
   * verifies.
   */
  readonly toBestPeer: Ratio | undefined
  /** To the fastest floor that is as durable; of reads, that verifies if we do. */
  readonly toFloor: Ratio | undefined
}

export interface Ratio {
  readonly ratio: number
  readonly name: string
}

export function compare(cell: Cell, samples: readonly Sample[]): CellResult {
  const rows = samples.filter(({ measurements }) => measurements.length > 0).map(sample => rowOf(cell, sample))
  return {
    cell,
    rows,
    failures: samples.flatMap(({ contender, failure }) =>
      failure === undefined ? [] : [{ name: contender.name, reason: failure }],
    ),
    comparisons: rows.filter(({ role }) => role === 'ours').map(ours => comparison(cell, ours, rows)),
  }
}

function comparison(cell: Cell, ours: Row, rows: readonly Row[]): Comparison {
  const peers = rows.filter(({ role }) => role === 'peer')
  const floors = rows.filter(({ role }) => role === 'floor')
  if (isRead(cell)) {
    const alike = floors.filter(({ verifies }) => verifies === ours.verifies)
    return { name: ours.name, toBestPeer: toFastest(ours, peers), toFloor: toFastest(ours, alike) }
  }
  const within = (others: readonly Row[], steps: number) =>
    others.filter(other => strength(other) >= strength(ours) - steps)
  return {
    name: ours.name,
    toBestPeer: toFastest(ours, within(peers, 1)),
    toFloor: toFastest(ours, within(floors, 0)),
  }
}

function strength({ durability }: Row): number {
  return durabilities.indexOf(durability)
}

function toFastest(ours: Row, others: readonly Row[]): Ratio | undefined {
  const fastest = others.toSorted((a, b) => b.opsPerSecond - a.opsPerSecond)[0]
  return fastest && { ratio: ours.opsPerSecond / fastest.opsPerSecond, name: fastest.name }
}

function rowOf(cell: Cell, { contender, measurements }: Sample): Row {
  const { name, role, durability, atomic, verifies = false } = contender
  const opsPerSecond = median(measurements.map(({ operations, seconds }) => operations / seconds))
  const middle = (figure: Figure) => median(measurements.map(measurement => measurement[figure]))
  return {
    name,
    role,
    durability,
    atomic,
    verifies,
    opsPerSecond,
    megabytesPerSecond: (opsPerSecond * cell.byteLength) / 1e6,
    p50: middle('p50'),
    p99: middle('p99'),
    processor: middle('processor'),
    loopDelay: middle('loopDelay'),
    loopBusy: middle('loopBusy'),
    peakMemory: middle('peakMemory'),
  }
}
