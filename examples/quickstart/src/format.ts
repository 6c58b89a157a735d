const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** Bytes for a person, in decimal units: `999 B`, `17.4 kB`, `30.0 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** Time for a person: `0.4 ms`, `23 ms`, `1.8 s`. */
export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`
}

/** `1 file`, `2 files`. */
export function formatCount(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** A name given by anybody, safe to print: control characters, which a terminal would obey, are shown as escapes. */
export function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Zl}\p{Zp}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu, character => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
}
