/** First byte, and the byte after the last. */
export interface ByteRange {
  start: number
  end: number
}

/**
 * The range that a `Range` header asks for. Undefined when the header is to be ignored: there is none, it has another
 * unit or several ranges, or it is malformed (RFC 9110, 14.2). `unsatisfiable` when no byte is in it.
 */
export function rangeIn(header: string | null, byteLength: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') {
    // The last so many bytes; all of them when there are not so many.
    const start = Math.max(0, byteLength - Number(last))
    return start < byteLength ? { start, end: byteLength } : 'unsatisfiable'
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= byteLength) return 'unsatisfiable'
  return { start, end: last === '' ? byteLength : Math.min(byteLength, Number(last) + 1) }
}
