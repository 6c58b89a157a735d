import { markdownTable } from 'markdown-table'
import { type Outcome, sumOf } from './step.ts'

/** What was run where: a row per part of the tests, a column per runtime. */
export class RanWhere {
  readonly #columns: string[] = []
  readonly #rows = new Map<string, Map<string, Outcome>>()

  add(row: string, column: string, outcome: Outcome): void {
    if (!this.#columns.includes(column)) this.#columns.push(column)
    const cells = this.#rows.get(row) ?? new Map<string, Outcome>()
    cells.set(column, sumOf([outcome, ...(cells.has(column) ? [cells.get(column) as Outcome] : [])]))
    this.#rows.set(row, cells)
  }

  /** Adds what vitest has run. */
  addFiles(column: string, files: ReadonlyMap<string, Outcome>): void {
    for (const [file, outcome] of files) this.add(partOf(file), column, outcome)
  }

  toMarkdown(): string {
    const rows = [...this.#rows].map(([row, cells]) => [row, ...this.#columns.map(column => text(cells.get(column)))])
    return markdownTable([['', ...this.#columns], ...rows], { align: ['l', ...this.#columns.map(() => 'r')] })
  }
}

/** Which part of the tests a file belongs to: `kit on fs`, `tests of fs`, `examples`. */
function partOf(file: string): string {
  const backend = /^conformance\/test\/matrix\/matrix-(\w+)/.exec(file)?.[1]
  if (backend !== undefined) return `kit on ${backend}`
  const [top = '', name = ''] = file.split('/')
  if (top === 'packages') return `tests of ${name}`
  if (top === 'conformance')
    return /test\/(crash|hostile)/.test(file) ? 'crashes, odd hosts' : 'tests of the kit, schedules'
  return top
}

function text(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '-'
  const parts = [`${outcome.passed}`]
  if (outcome.failed > 0) parts.push(`${outcome.failed} FAILED`)
  if (outcome.skipped > 0) parts.push(`${outcome.skipped} skipped`)
  return parts.join(', ')
}
