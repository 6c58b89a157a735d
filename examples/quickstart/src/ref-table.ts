import type { AttachmentRef } from '@lash/attachments-core'
import { formatBytes, printable } from './format.ts'
import type { FilePut } from './report.ts'
import { type Column, table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { shorten } from './text-width.ts'

const mostNameColumns = 32

/** The refs as a table: with whole ids where there is room, else each id in a line of its own below its row. */
export function refTable(terminal: Terminal, puts: readonly FilePut[]): string[] {
  const wide = terminal.fitsWholeIds
  const hasPixels = puts.some(({ ref }) => pixelsOf(ref) !== '')
  const columns: Column[] = [
    { title: 'file' },
    { title: 'media type' },
    ...(hasPixels ? [{ title: 'pixels', align: 'right' } as const] : []),
    { title: 'bytes', align: 'right' },
    ...(wide ? [{ title: 'id', style: 'cyan' } as const] : []),
  ]
  const rows = puts.map(({ name, ref }) => [
    shorten(printable(name), mostNameColumns),
    shorten(ref.mediaType, 32),
    ...(hasPixels ? [pixelsOf(ref)] : []),
    formatBytes(ref.byteLength),
    ...(wide ? [ref.id] : []),
  ])
  const lines = table(terminal, columns, rows)
  if (wide) return lines
  return lines.flatMap((line, index) => {
    const put = puts[index - 1]
    return put === undefined ? [line] : [line, terminal.style('cyan', put.ref.id)]
  })
}

function pixelsOf({ width, height }: AttachmentRef): string {
  return width === undefined || height === undefined ? '' : `${width} × ${height}`
}
