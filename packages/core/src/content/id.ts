/** Lower-case hex SHA-256 of the bytes: 64 digits. */
export type AttachmentId = string

const idLength = 64
const foreignDigit = /[^0-9a-f]/

/** Whether the value is a well-formed id. Says nothing of whether any store holds it. */
export function isAttachmentId(value: unknown): value is AttachmentId {
  return typeof value === 'string' && value.length === idLength && !foreignDigit.test(value)
}

/** Whether the value can be the beginning of an id; the empty string is. */
export function isAttachmentIdPrefix(value: unknown): value is string {
  return typeof value === 'string' && value.length <= idLength && !foreignDigit.test(value)
}

/** The URI that stands for the content in a manifest, whatever store holds it: `sha256:<id>`. */
export function canonicalUri(id: AttachmentId): string {
  return `sha256:${id}`
}
