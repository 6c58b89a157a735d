import { contentId } from '@lash/attachments-core'

/**
 * Longest holder that is a key as it is, in bytes of UTF-8. A row of an index has room for 2704 bytes, of which the
 * longest session id and an id take 2085.
 */
const maxKeyBytes = 256

/** A holder as columns of a table. */
export interface HolderColumns {
  /** The holder or, for a long one, a key that no short holder is equal to. */
  holder: string
  /** The holder when it is a long one. */
  long_holder: string | null
}

export function holderColumns(holder: string): HolderColumns {
  const key = holderKey(holder)
  return { holder: key, long_holder: key === holder ? null : holder }
}

/** What finds the rows of a holder: a long one is cut, and told from others by its digest. */
export function holderKey(holder: string): string {
  if (Buffer.byteLength(holder) <= maxKeyBytes) return holder
  const bytes = Buffer.from(holder)
  let end = maxKeyBytes
  while (isWithinCharacter(bytes[end])) end--
  return bytes.toString('utf8', 0, end) + contentId(bytes)
}

function isWithinCharacter(byte: number | undefined): boolean {
  return byte !== undefined && byte >> 6 === 0b10
}

export function holderOf({ holder, long_holder }: HolderColumns): string {
  return long_holder ?? holder
}
