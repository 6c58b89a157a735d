import { contentId } from '@lash/attachments-core'

/** A statement, with the name under which connections prepare it. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/**
 * The name is a digest of the text: two schemas, or two versions of this package, never share a name on one connection.
 */
export function statement(text: string): Statement {
  return { name: `lash_${contentId(Buffer.from(text)).slice(0, 24)}`, text }
}

/** An id as the server reads a `bytea`. */
export function byteaOf(id: string): string {
  return `\\x${id}`
}
