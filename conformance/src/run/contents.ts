import { type AttachmentId, contentId } from '@lash/attachments-core'

const ids = new Map<string, AttachmentId>()
const names = new Map<AttachmentId, string>()

/** The bytes of a content that a case calls by its text. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The id of a content that a case calls by its text. */
export function idOf(text: string): AttachmentId {
  const known = ids.get(text)
  if (known !== undefined) return known
  const id = contentId(bytesOf(text))
  ids.set(text, id)
  names.set(id, text)
  return id
}

/** The text of an id, for readable failures. */
export function textOf(id: AttachmentId): string {
  return names.get(id) ?? `unknown ${id}`
}

/** So many names: `orphan 0`, `orphan 1` and so on. */
export function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index}`)
}
