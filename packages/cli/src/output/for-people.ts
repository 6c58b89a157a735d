import ms from 'ms'
import prettyBytes from 'pretty-bytes'

/** Bytes: `999 B`, `17.4 kB`. A dash when they are not known. */
export function size(bytes: number | undefined): string {
  return bytes === undefined ? '-' : prettyBytes(bytes)
}

/** A time for scripts. */
export function isoTime(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : new Date(epochMs).toISOString()
}

/** A time in UTC, to the second. A dash when it is not known. */
export function date(epochMs: number | undefined): string {
  return epochMs === undefined ? '-' : new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')
}

/** A span of time: `9s`, `2m`, `3h`. */
export function duration(milliseconds: number): string {
  return ms(Math.max(0, Math.round(milliseconds / 1000)) * 1000)
}

/** `1 copy`, `2 copies`. */
export function count(number: number, one: string): string {
  return `${number} ${number === 1 ? one : one.endsWith('y') ? `${one.slice(0, -1)}ies` : `${one}s`}`
}

/** Text of anybody, safe to print: control characters, which a terminal would obey, are shown as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu, character => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
}
