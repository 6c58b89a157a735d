import type { Style, Terminal } from './terminal.ts'
import { pad, textWidth } from './text-width.ts'

export interface Column {
  title: string
  /** Default: left. */
  align?: 'left' | 'right'
  style?: Style
}

/** Rows as lines, in columns as wide as what is in them. */
export function table(terminal: Terminal, columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(textWidth(title), ...rows.map(row => textWidth(row[index] ?? ''))),
  )
  const lineOf = (cells: readonly string[], style: (column: Column, text: string) => string): string =>
    columns
      .map((column, index) => {
        const text = pad(cells[index] ?? '', widths[index] ?? 0, column.align === 'right' ? 'left' : 'right')
        return style(column, text)
      })
      .join('  ')
      .trimEnd()
  const titles = columns.map(column => column.title)
  return [
    lineOf(titles, (_column, text) => terminal.style('dim', text)),
    ...rows.map(row => lineOf(row, ({ style }, text) => (style === undefined ? text : terminal.style(style, text)))),
  ]
}
