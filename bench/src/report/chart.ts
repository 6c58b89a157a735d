import type { CellResult } from './result.ts'

const rowHeight = 18
const left = 270
const width = 900
const scale = (width - left - 60) / 2

/**
 * A bar for every cell: ours to the best peer, 1 being the line in the middle, on a logarithmic scale from a hundredth
 * to a hundredfold.
 */
export function chart(results: readonly CellResult[]): string {
  const compared = results.flatMap(({ cell, comparisons }) =>
    comparisons.flatMap(({ name, toBestPeer }) =>
      toBestPeer === undefined
        ? []
        : [{ label: `${name.replace('attachments-', '')}: ${cell.id}`, value: toBestPeer.ratio }],
    ),
  )
  const height = compared.length * rowHeight + 50
  const middle = left + scale
  const bars = compared.map(({ label, value }, index) => {
    const length = Math.max(-1, Math.min(1, Math.log10(value) / 2)) * scale
    const y = 34 + index * rowHeight
    const x = Math.min(middle, middle + length)
    const colour = value >= 1 ? '#2f855a' : '#c05621'
    return `<text x="${left - 8}" y="${y + 12}" text-anchor="end">${label}</text>
<rect x="${x.toFixed(1)}" y="${y + 2}" width="${Math.abs(length).toFixed(1)}" height="${rowHeight - 5}" fill="${colour}"/>
<text x="${(length >= 0 ? x + Math.abs(length) + 4 : x - 4).toFixed(1)}" y="${y + 12}"${length >= 0 ? '' : ' text-anchor="end"'}>${value.toFixed(2)}x</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11">
<rect width="${width}" height="${height}" fill="white"/>
<text x="12" y="18" font-size="13">Operations per second, to the best peer (logarithmic)</text>
<line x1="${middle}" y1="28" x2="${middle}" y2="${height - 12}" stroke="#888"/>
${bars.join('\n')}
</svg>
`
}
