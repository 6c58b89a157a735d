import Table from 'cli-table3'
import type { Column } from './columns.ts'

const gap = 2

/** The columns for which there is room: the last ones give way. The first is always there. */
export function fittingColumns<Row>(columns: readonly Column<Row>[], room: number): readonly Column<Row>[] {
  let used = -gap
  return columns.filter((column, index) => {
    used += column.width + gap
    return index === 0 || used <= room
  })
}

const edges = ['top', 'bottom', 'left', 'right', 'mid'] as const
const corners = ['top-mid', 'top-left', 'top-right', 'bottom-mid', 'bottom-left', 'bottom-right'] as const
const crossings = ['left-mid', 'mid-mid', 'right-mid'] as const
const noLines = Object.fromEntries([...edges, ...corners, ...crossings].map(name => [name, '']))

/** One line of a table that is written row by row, since nobody knows how many come. */
export function tableLine<Row>(columns: readonly Column<Row>[], cell: (column: Column<Row>) => string): string {
  const table = new Table({
    chars: { ...noLines, middle: ' '.repeat(gap) },
    style: { 'padding-left': 0, 'padding-right': 0, border: [], head: [], compact: true },
    colWidths: columns.map(({ width }) => width),
    colAligns: columns.map(({ align = 'left' }) => align),
  })
  table.push(columns.map(cell))
  return table.toString().trimEnd()
}
