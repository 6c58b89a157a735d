import { markdownTable } from 'markdown-table'
import { type Cell, isRead, type Operation, sizeText } from '../measure/cell.ts'
import type { Machine } from './machine.ts'
import type { CellResult, Comparison, Ratio, Row } from './result.ts'

/** All of a run, as it is saved. */
export interface Run {
  readonly machine: Machine
  readonly rounds: number
  readonly results: readonly CellResult[]
}

const begin = '<!-- from here written by bench -->'
const end = '<!-- to here written by bench -->'

/** The contenders of ours that have a column, and its head. */
const columns = [
  ['attachments-fs', 'fs, durable'],
  ['attachments-fs relaxed', 'fs, relaxed'],
  ['attachments-sqlite', 'sqlite'],
  ['attachments-postgres', 'postgres'],
  ['attachments-s3', 's3'],
  ['attachments-memory', 'memory'],
] as const
/** What a put survives is nothing to a read. */
const read = columns.map(([name, head]) => [name, head.replace(', durable', '')] as const)
const unverified = read.map(([name, head]) => [`${name} unverified`, head] as const)

const loopTarget = 20

/** Puts what a run has shown between the markers of the README. */
export function writeInto(readme: string, run: Run): string {
  const [before, , after] = parts(readme)
  return `${before}${begin}\n\n${shown(run)}\n\n${end}${after}`
}

/** The README up to what the benchmark has written, that, and what follows. */
export function parts(readme: string): [before: string, written: string, after: string] {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from === -1 || to < from) throw new Error(`the README lacks "${begin}" or "${end}"`)
  return [readme.slice(0, from), readme.slice(from + begin.length, to), readme.slice(to + end.length)]
}

/** Markdown as prettier would write it. */
function shown({ machine, rounds, results }: Run): string {
  const tables = [
    ratios('put of', results, 'put', columns),
    ratios('verified get of', results, 'get', read),
    ratios('unverified get of', results, 'get', unverified),
    ratios('put of what is there', results, 'put again', columns),
    ratios('stream in of', results, 'stream in', columns),
    ratios('verified stream out of', results, 'stream out', read),
    waits(results),
  ]
  return `Ratios of operations per second, to the best peer / to the floor; above 1 is faster, and x32 is 32
at a time. ↓ is below the target: 1 of the best peer, 0.9 of the floor, and 0.8 of it where bytes
are verified, or copied to protect them.

${markdownTable([['measured on', ''], ...facts(machine, rounds)])}

${tables.filter(table => table !== '').join('\n\n')}

What is below the target, beside whom:

${shortfalls(results)}`
}

function facts(machine: Machine, rounds: number): string[][] {
  return [
    ['machine', `${machine.cores} cores, ${machine.processor}, ${machine.memoryGiB} GiB`],
    ['system', `${machine.system}, Node ${machine.node}`],
    ['files', machine.fileSystem ?? 'unknown'],
    [
      'commit',
      `${machine.commit ?? 'unknown'}, ${machine.date}, median of ${rounds === 1 ? '1 round' : `${rounds} rounds`}`,
    ],
  ]
}

type Columns = readonly (readonly [name: string, head: string])[]

/** A row for each size, a column for each of ours; nothing where nothing was measured. */
function ratios(title: string, results: readonly CellResult[], operation: Operation, columns: Columns): string {
  const measured = results.filter(({ cell }) => cell.operation === operation)
  return table(title, measured, columns, ({ cell, comparisons }, name) => {
    const found = comparisons.find(comparison => comparison.name === name)
    return found && ratioText(cell, found)
  })
}

/** How long the event loop was kept, where that has a target. */
function waits(results: readonly CellResult[]): string {
  return table(
    'event loop, ms, 99% of waits',
    results.filter(({ cell }) => isTimed(cell)),
    columns,
    ({ rows }, name) => {
      const row = rows.find(row => row.name === name)
      return row && `${row.loopDelay.toFixed(0)}${isLate(row) ? '↓' : ''} (busy ${row.loopBusy.toFixed(0)})`
    },
  )
}

function table(
  title: string,
  results: readonly CellResult[],
  columns: Columns,
  text: (result: CellResult, name: string) => string | undefined,
): string {
  const sizes = Map.groupBy(results, ({ cell }) => `${sizeText(cell.byteLength)} x${cell.concurrency}`)
  const textAt = (ofSize: readonly CellResult[], name: string) =>
    ofSize.map(result => text(result, name)).find(found => found !== undefined)
  const filled = columns.filter(([name]) => [...sizes.values()].some(ofSize => textAt(ofSize, name) !== undefined))
  if (filled.length === 0) return ''
  const rows = [...sizes].map(([size, ofSize]) => [size, ...filled.map(([name]) => textAt(ofSize, name) ?? '')])
  return markdownTable([[title, ...filled.map(([, head]) => head)], ...rows])
}

function ratioText(cell: Cell, { toBestPeer, toFloor }: Comparison): string {
  const text = (found: Ratio | undefined, target: number) =>
    found === undefined ? '-' : `${figure(found)}${isBelow(found, target) ? '↓' : ''}`
  return `${text(toBestPeer, 1)} / ${text(toFloor, floorTarget(cell))}`
}

function shortfalls(results: readonly CellResult[]): string {
  const lines = results.flatMap(({ cell, comparisons, rows }) => [
    ...comparisons.flatMap(({ name, toBestPeer, toFloor }) => {
      const peer = toBestPeer && isBelow(toBestPeer, 1) ? beside(toBestPeer) : ''
      const floor = toFloor && isBelow(toFloor, floorTarget(cell)) ? beside(toFloor) : ''
      return peer === '' && floor === '' ? [] : [[cell.id, name, peer, floor]]
    }),
    ...rows
      .filter(row => row.role === 'ours' && isTimed(cell) && isLate(row))
      .map(row => [cell.id, row.name, `event loop: ${row.loopDelay.toFixed(0)} ms`, '']),
  ])
  return lines.length === 0 ? 'Nothing.' : markdownTable([['cell', 'ours', 'best peer', 'floor'], ...lines])
}

function beside(found: Ratio): string {
  return `${figure(found)} of ${found.name}`
}

/** Verification is measured in the floors of reads too, but its buffers and the copy for the caller cost more. */
function floorTarget(cell: Cell): number {
  return isRead(cell) || cell.backend === 'memory' ? 0.8 : 0.9
}

/** As it is shown, so that no 1.00 is below 1. */
function isBelow({ ratio }: Ratio, target: number): boolean {
  return Number(ratio.toFixed(2)) < target
}

function isTimed({ operation, byteLength, concurrency }: Cell): boolean {
  return operation === 'put' && byteLength === 1024 * 1024 && concurrency === 32
}

function isLate({ loopDelay }: Row): boolean {
  return loopDelay > loopTarget
}

function figure({ ratio }: Ratio): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio >= 2 ? 1 : 2)
}
