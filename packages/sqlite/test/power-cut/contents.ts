/** What the recorded processes put. Steps and findings use these names. */
export const contents = {
  small: text('what must not be lost'),
  again: text('put once more'),
  /** Stored in chunks, by two transactions on the writer thread. */
  big: noise(4_300_000),
  /** Stored in one row, but too big to be written on the event loop's thread. */
  middle: noise(400_000),
  note: text('a note of the session'),
  other: text('another note of the session'),
  one: text('one of several at once'),
  two: text('two of several at once'),
} as const satisfies Record<string, Uint8Array>

export type ContentName = keyof typeof contents

export const contentNames: readonly ContentName[] = Object.keys(contents) as ContentName[]

/** A media type that is not compressed, so that the disk holds the bytes as they are. */
export const meta = { mediaType: 'image/png', label: 'a name' }

export const sessionId = 'session'

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function noise(length: number): Uint8Array {
  return new Uint8Array(length).map((_byte, index) => Math.imul(index, 2_654_435_761) >>> 13)
}
