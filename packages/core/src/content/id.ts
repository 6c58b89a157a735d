/** SHA-256 of the bytes as 64 lower-case hex digits. */
export type AttachmentId = string

const idLength = 64
const foreignDigit = /[^0-9a-f]/

/** Whether the value is a well-formed id, whether or not any store holds it. */
export function isAttachmentId(value: unknown): value is AttachmentId {
  return isAttachmentIdPrefix(value) && value.length === idLength
}

/** Whether the value can be the beginning of an id. The empty string can. */
export function isAttachmentIdPrefix(value: unknown): value is string {
  return typeof value === 'string' && value.length <= idLength && !foreignDigit.test(value)
}

/** The URI of the content in a manifest, whichever store holds the bytes: `sha256:<id>`. */
export function canonicalUri(id: AttachmentId): string {
  return `sha256:${id}`
}
