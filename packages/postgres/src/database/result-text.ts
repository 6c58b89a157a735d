import type { CustomTypesConfig } from 'pg'

/*
 * Results come as text and are read here. The parsers of `pg` are not ours to rely on: a host may set others, for its
 * whole process or for a client.
 */

/** By the number that the server gives to a type. What is not here stays text: numbers of 64 bits too. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: text => text === 't',
  17: bytesOf,
  23: Number,
}

/** How a column of the type is read. */
export function parserOf(type: number): (text: string) => unknown {
  return parsers[type] ?? String
}

/**
 * For a query of `pg` whose columns are all text: it stays that, also where the host has its results in binary form.
 */
export const textOnly: CustomTypesConfig = { getTypeParser: () => String as never }

/** A `bytea`, in either of the forms that `bytea_output` gives, in a buffer of its own. */
function bytesOf(text: string): Uint8Array {
  if (!text.startsWith('\\x')) return Uint8Array.from(unescaped(text), character => character.charCodeAt(0))
  const bytes = new Uint8Array((text.length - 2) / 2)
  Buffer.from(bytes.buffer).write(text.slice(2), 'hex')
  return bytes
}

/** `escape`: a backslash is doubled, and what is not printable is three octal digits behind one. */
function unescaped(text: string): string {
  return text.replace(/\\(\\|[0-7]{3})/g, (_, code) => (code === '\\' ? code : String.fromCharCode(parseInt(code, 8))))
}
