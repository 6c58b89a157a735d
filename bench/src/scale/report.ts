import { markdownTable } from 'markdown-table'
import type { Machine } from '../report/machine.ts'
import type { Cost } from './costs.ts'
import type { PairName } from './pair.ts'
import type { SweepResult } from './sweep.ts'

export interface PairResult {
  pair: PairName
  /** How many refs and blobs were there already, ascending. */
  rows: number[]
  costs: Cost[]
  sweep: SweepResult | undefined
}

export function printResult(result: PairResult): void {
  console.log(`\n${result.pair}, microseconds\n${table(result)}`)
  if (result.sweep !== undefined) console.log(`  sweep: ${speed(result.sweep)}`)
}

export function markdown(machine: Machine, results: readonly PairResult[]): string {
  return `# Scale

Node ${machine.node}, ${machine.system}, ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.date}. Microseconds for one operation, 32 in flight, with so many refs and blobs
already there; medians over rounds in which all sizes take turns. A put is a session's: intent and bytes. In brackets: to the fewest rows.

${results.map(section).join('\n')}`
}

function section(result: PairResult): string {
  const sweep = result.sweep === undefined ? '' : `\nSweep: ${speed(result.sweep)}.\n`
  return `### ${result.pair}\n\n${table(result)}\n${sweep}`
}

function table({ rows, costs }: PairResult): string {
  const head = ['operation', ...rows.map(count => `${count.toLocaleString('en')} rows`)]
  return markdownTable([head, ...costs.map(costLine)], { align: head.map((_, column) => (column === 0 ? 'l' : 'r')) })
}

function costLine({ operation, microseconds }: Cost): string[] {
  const first = microseconds[0] ?? 0
  const cells = microseconds.map((value, index) =>
    index === 0 ? figure(value) : `${figure(value)} (${(value / first).toFixed(2)}x)`,
  )
  return [operation, ...cells]
}

function speed({ orphans, seconds }: SweepResult): string {
  const perSecond = Math.round(orphans / seconds).toLocaleString('en')
  return `${orphans.toLocaleString('en')} orphans in ${seconds.toFixed(1)} s, ${perSecond} a second`
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}
