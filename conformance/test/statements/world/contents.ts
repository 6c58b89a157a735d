import { type AttachmentId, contentId } from '@lash/attachments-core'

/** Three contents. The id of x comes before that of y. */
const bodies = ['first', 'second', 'third']
  .map(text => new Uint8Array(Buffer.from(text)))
  .sort((a, b) => (contentId(a) < contentId(b) ? -1 : 1))
const names = ['x', 'y', 'z']

export const ids: ReadonlyMap<string, AttachmentId> = new Map(names.map((name, i) => [name, contentId(bodies[i]!)]))
export const namesOfIds: ReadonlyMap<AttachmentId, string> = new Map([...ids].map(([name, id]) => [id, name]))

export function idOf(name: string): AttachmentId {
  return ids.get(name) as AttachmentId
}

export function bodyOf(name: string): Uint8Array {
  return bodies[names.indexOf(name)] as Uint8Array
}
