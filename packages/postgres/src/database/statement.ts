import { contentId } from '@lash/attachments-core'

/** A statement with its name on the connections that have prepared it. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** Named by what it says, so that two schemas or two versions of this package on one connection never meet under one name. */
export function statement(text: string): Statement {
  return { name: `lash_${contentId(Buffer.from(text)).slice(0, 24)}`, text }
}

/** An id as the server reads a `bytea`. */
export function byteaOf(id: string): string {
  return `\\x${id}`
}
