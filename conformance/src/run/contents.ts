import { type AttachmentId, type AttachmentRef, contentId } from '@lash/attachments-core'

/*
 * A case calls a content by its text: the content is the text in UTF-8. The ids of all texts that were used are
 * kept, so that failures can show texts instead of ids.
 */
const ids = new Map<string, AttachmentId>()
const texts = new Map<AttachmentId, string>()

export function bytesOf(text: string): Uint8Array {
  idOf(text)
  return new TextEncoder().encode(text)
}

export function idOf(text: string): AttachmentId {
  const known = ids.get(text)
  if (known !== undefined) return known
  const id = contentId(new TextEncoder().encode(text))
  ids.set(text, id)
  texts.set(id, text)
  return id
}

/** The text that has the id. */
export function textOf(id: AttachmentId): string {
  return texts.get(id) ?? `unknown ${id}`
}

/** A copy of a content, as failures call it: `a@1`. */
export function copyName({ id, generation = 0 }: Pick<AttachmentRef, 'id' | 'generation'>): string {
  return `${textOf(id)}@${generation}`
}

/** So many texts: `orphan 0`, `orphan 1` and so on. */
export function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index}`)
}
