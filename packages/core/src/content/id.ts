/** SHA-256 of the bytes as 64 lower-case hex digits. */
export type AttachmentId = string

const idLength = 64

/** Whether the value is a well-formed id, whether or not any store holds it. */
export function isAttachmentId(value: unknown): value is AttachmentId {
  return isAttachmentIdPrefix(value) && value.length === idLength
}

/** Whether the value can be the beginning of an id. The empty string can. */
export function isAttachmentIdPrefix(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > idLength) return false
  // Every call checks an id, for which a regular expression takes three times as long.
  let signs = 0
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    // Negative where the code is neither that of a decimal digit nor that of a letter from a to f.
    signs |= ((code - 48) | (57 - code)) & ((code - 97) | (102 - code))
  }
  return signs >= 0
}

/** The URI of the content in a manifest, whichever store holds the bytes: `sha256:<id>`. */
export function canonicalUri(id: AttachmentId): string {
  return `sha256:${id}`
}
