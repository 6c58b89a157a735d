import { markdownTable } from 'markdown-table'

/** What an exploration covered. */
export interface Coverage {
  readonly plan: string
  readonly pair: string
  /** `all`: every schedule there is, but for those that lead to the same states. `some`: so many, chosen at random. */
  readonly kind: 'all' | 'some'
  /** Runs from the start. */
  readonly schedules: number
  /** How many different states were seen and checked. */
  readonly states: number
  /** Steps taken in all runs. */
  readonly steps: number
  readonly seconds: number
}

/** A Markdown table, a row per exploration. */
export function coverageTable(rows: readonly Coverage[]): string {
  return markdownTable([
    ['pair', 'plan', 'schedules', 'states', 'steps', 'seconds'],
    ...rows.map(row => [
      row.pair,
      row.plan,
      `${row.kind === 'all' ? 'all' : 'random'}: ${row.schedules.toLocaleString('en')}`,
      row.states.toLocaleString('en'),
      row.steps.toLocaleString('en'),
      row.seconds.toFixed(1),
    ]),
  ])
}
