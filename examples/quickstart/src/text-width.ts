const graphemes = new Intl.Segmenter()

/** Characters that take two columns of a terminal: most of East Asian writing, and emoji. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u{3000}-\u{303f}\u{ff01}-\u{ff60}]|\p{Emoji_Presentation}|\u{fe0f}/u

/** Columns that the text takes on a terminal. Without ANSI escapes in it. */
export function textWidth(text: string): number {
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1
  return width
}

/** The text with spaces after it (or before it), so that it takes the columns. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'right'): string {
  const spaces = ' '.repeat(Math.max(0, columns - textWidth(text)))
  return side === 'right' ? text + spaces : spaces + text
}

/** The text in at most so many columns: the middle gives way, since names differ at both ends. */
export function shorten(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  const segments = [...graphemes.segment(text)].map(({ segment }) => segment)
  const tail = takeColumns(segments.toReversed(), Math.floor((columns - 1) / 2)).toReversed()
  const head = takeColumns(segments, columns - 1 - textWidth(tail.join('')))
  return `${head.join('')}…${tail.join('')}`
}

function takeColumns(segments: readonly string[], columns: number): string[] {
  const taken: string[] = []
  let left = columns
  for (const segment of segments) {
    left -= textWidth(segment)
    if (left < 0) break
    taken.push(segment)
  }
  return taken
}
