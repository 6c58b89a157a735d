import Table from 'cli-table3'
import type { Column } from './columns.ts'

const gap = 2
const edges = ['top', 'bottom', 'left', 'right', 'mid'] as const
const corners = ['top-mid', 'top-left', 'top-right', 'bottom-mid', 'bottom-left', 'bottom-right'] as const
const crossings = ['left-mid', 'mid-mid', 'right-mid'] as const
const noLines = Object.fromEntries([...edges, ...corners, ...crossings].map(name => [name, '']))

/** A line of a table. Rows are written one by one, since nobody knows how many come. */
export type TableLines<Row> = (cell: (column: Column<Row>) => string) => string

/** @param room - columns of the terminal. */
export function tableLines<Row>(columns: readonly Column<Row>[], room: number): TableLines<Row> {
  const shown = fittingColumns(columns, room)
  return cell => {
    const table = new Table({
      chars: { ...noLines, middle: ' '.repeat(gap) },
      style: { 'padding-left': 0, 'padding-right': 0, border: [], head: [], compact: true },
      colWidths: shown.map(({ width }) => width),
      colAligns: shown.map(({ align = 'left' }) => align),
    })
    table.push(shown.map(cell))
    return table.toString().trimEnd()
  }
}

/** The columns for which there is room: the last ones give way. The first is always there. */
function fittingColumns<Row>(columns: readonly Column<Row>[], room: number): readonly Column<Row>[] {
  let used = -gap
  return columns.filter((column, index) => {
    used += column.width + gap
    return index === 0 || used <= room
  })
}
