import type { CustomTypesConfig } from 'pg'

/**
 * The server sends results as text. These parsers read them, by the number of the type. Values of other types stay
 * text, also numbers of 64 bits. The parsers of `pg` are no choice: a host may replace them, in its process or for a
 * client.
 */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: text => text === 't',
  17: bytesOf,
  23: Number,
}

/** The parser for columns of the type. */
export function parserOf(type: number): (text: string) => unknown {
  return parsers[type] ?? String
}

/** For a query of `pg` whose columns are all text: no parser of the host changes them. */
export const textOnly: CustomTypesConfig = { getTypeParser: () => String as never }

/** A `bytea`, in either form of `bytea_output`, in memory of its own. */
function bytesOf(text: string): Uint8Array {
  if (!text.startsWith('\\x')) return Uint8Array.from(unescaped(text), character => character.charCodeAt(0))
  const bytes = new Uint8Array((text.length - 2) / 2)
  Buffer.from(bytes.buffer).write(text.slice(2), 'hex')
  return bytes
}

/** The form `escape`: a backslash is doubled, and other bytes are a backslash and three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\(\\|[0-7]{3})/g, (_, code) => (code === '\\' ? code : String.fromCharCode(parseInt(code, 8))))
}
