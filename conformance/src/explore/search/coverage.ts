/** What an exploration covered. */
export interface Coverage {
  readonly plan: string
  readonly pair: string
  /** `all`: every schedule there is, up to those that lead to the same states. `some`: that many, chosen at random. */
  readonly kind: 'all' | 'some'
  /** Runs from the start. */
  readonly schedules: number
  /** Different states that were seen and checked. */
  readonly states: number
  /** Steps taken, in all runs. */
  readonly steps: number
  readonly seconds: number
}

/** A Markdown table, a row per exploration. */
export function coverageTable(rows: readonly Coverage[]): string {
  const head = ['pair', 'plan', 'schedules', 'states', 'steps', 'seconds']
  const body = rows.map(row => [
    row.pair,
    row.plan,
    `${row.kind === 'all' ? 'all' : 'random'}: ${row.schedules.toLocaleString('en')}`,
    row.states.toLocaleString('en'),
    row.steps.toLocaleString('en'),
    row.seconds.toFixed(1),
  ])
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map(cells => (cells[column] as string).length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`
  return [line(head), `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join('\n')
}
