import { stripVTControlCharacters } from 'node:util'
import type { AttachmentRef } from '@lash/attachments-core'
import { formatBytes, printable } from './format.ts'
import type { FilePut } from './report.ts'
import { type Column, table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { shorten, textWidth } from './text-width.ts'

const mostNameColumns = 32

/** The refs as a table: with whole ids where there is room, else each id in a line of its own below its row. */
export function refTable(terminal: Terminal, puts: readonly FilePut[], indent: string = ''): string[] {
  const hasPixels = puts.some(({ ref }) => pixelsOf(ref) !== '')
  const columns: Column[] = [
    { title: 'file' },
    { title: 'media type' },
    ...(hasPixels ? [{ title: 'pixels', align: 'right' } as const] : []),
    { title: 'bytes', align: 'right' },
  ]
  const rows = puts.map(({ name, ref }) => [
    shorten(printable(name), mostNameColumns),
    shorten(ref.mediaType, mostNameColumns),
    ...(hasPixels ? [pixelsOf(ref)] : []),
    formatBytes(ref.byteLength),
  ])
  const wide = table(
    terminal,
    [...columns, { title: 'id', style: 'cyan' }],
    rows.map((row, index) => [...row, puts[index]?.ref.id ?? '']),
  )
  if (wide.every(line => textWidth(indent + stripVTControlCharacters(line)) <= terminal.columns)) {
    return wide.map(line => indent + line)
  }
  return table(terminal, columns, rows).flatMap((line, index) => {
    const put = puts[index - 1]
    return put === undefined ? [indent + line] : [indent + line, indent + terminal.style('cyan', put.ref.id)]
  })
}

function pixelsOf({ width, height }: AttachmentRef): string {
  return width === undefined || height === undefined ? '' : `${width} × ${height}`
}
