import { markdownTable } from 'markdown-table'
import { type Cell, isRead } from '../measure/cell.ts'
import type { Machine } from './machine.ts'
import type { CellResult, Ratio, Row } from './result.ts'

const figures = ['ops/s', 'MB/s', 'p50 ms', 'p99 ms', 'cpu ms', 'loop p99 ms', 'busy p99 ms', 'peak MiB'] as const

export function printCell(result: CellResult): void {
  console.log(`\n${result.cell.id}\n${table(result)}`)
  for (const { name, reason } of result.failures) console.log(`  ${name}: not measured, ${reason}`)
  for (const { name, toBestPeer, toFloor } of result.comparisons) {
    const ratios = [toBestPeer && `${text(toBestPeer)} (best peer)`, toFloor && `${text(toFloor)} (floor)`]
    console.log(`  ${name}: ${ratios.filter(Boolean).join(', ') || 'nothing to compare with'}`)
  }
}

export function markdown(machine: Machine, results: readonly CellResult[]): string {
  const summary = results.flatMap(({ cell, comparisons }) =>
    comparisons.map(({ name, toBestPeer, toFloor }) => [
      cell.id,
      name,
      toBestPeer ? text(toBestPeer) : '-',
      toFloor ? text(toFloor) : '-',
    ]),
  )
  const details = results.map(
    result =>
      `### ${result.cell.id}\n\n${table(result)}\n${result.failures
        .map(({ name, reason }) => `\nNot measured: ${name}, ${reason}\n`)
        .join('')}`,
  )
  return `# Benchmark

Node ${machine.node}, ${machine.system}, ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.date}. Each contender ran in a process of its own, in
turn; medians over the rounds. "Survives" says what a put that has resolved survives, "reads" whether what is read is compared with
its digest, "cpu" what all threads of the process took for an operation, "loop" how late the event loop was, and "busy" how long its thread had a processor in a wait for it; compare figures
within a table alone.

${markdownTable([['cell', 'ours', 'to the best peer', 'to the floor of equal guarantees'], ...summary])}

${details.join('\n')}`
}

function table({ cell, rows }: CellResult): string {
  const head = ['contender', isRead(cell) ? 'reads' : 'survives', ...figures]
  const align = head.map((_, column) => (column < 2 ? 'l' : 'r'))
  return markdownTable([head, ...rows.map(row => cellsOf(cell, row))], { align })
}

function cellsOf(cell: Cell, row: Row): string[] {
  const survives = `${row.durability}${row.atomic ? '' : ', not atomic'}`
  return [
    nameOf(row),
    isRead(cell) ? (row.verifies ? 'verified' : 'unverified') : survives,
    figure(row.opsPerSecond),
    figure(row.megabytesPerSecond),
    row.p50.toFixed(3),
    row.p99.toFixed(3),
    row.processor.toFixed(3),
    row.loopDelay.toFixed(1),
    row.loopBusy.toFixed(1),
    row.peakMemory.toFixed(0),
  ]
}

function nameOf({ name, role }: Row): string {
  if (role === 'ours') return `**${name}**`
  return role === 'floor' || role === 'bare' ? `(${name})` : name
}

function text({ ratio, name }: Ratio): string {
  return `${ratio.toFixed(2)}x ${name}`
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
