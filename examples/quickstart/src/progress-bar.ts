import { pad } from './text-width.ts'

/** A bar of so many columns, filled to the fraction, with the precision of an eighth of a column. */
export function progressBar(fraction: number, columns: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * columns * 8)
  const full = Math.floor(eighths / 8)
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] as string
  return pad('█'.repeat(full) + part, columns)
}
