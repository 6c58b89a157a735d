import type { AttachmentId } from '../content/id.ts'
import type { OrphanClaim } from '../manifest/manifest.ts'
import { ageOf, isCommitted, isLive } from '../manifest/ref-state.ts'
import { claimKey, contentFence, contentKey, heldKey, idOfRef, looseKey, sessionFence, tombstoneKey } from './keys.ts'
import { type ContentRow, isTombstone, type RefRow, rowIn } from './rows.ts'
import type { View } from './view.ts'

/** Where changes are noted. */
type Writes = Pick<View, 'set' | 'delete'>

/** The row of content that was looked at. */
export function contentAt(view: View, id: AttachmentId): ContentRow | undefined {
  return rowIn<ContentRow>(view.get(contentKey(id)))
}

/** The ref at a key that was looked at. */
export function refAt(view: View, ref: string): RefRow | undefined {
  return rowIn<RefRow>(view.get(ref))
}

/** Changes the row of content, and with it what finds it by age. */
export function setContent(
  view: Writes,
  id: AttachmentId,
  from: ContentRow | undefined,
  to: ContentRow | undefined,
): void {
  if (from?.since !== undefined) view.delete(ageKey(id, from, from.since))
  if (to?.since !== undefined) view.set(ageKey(id, to, to.since), '')
  if (to === undefined) view.delete(contentKey(id))
  else view.set(contentKey(id), JSON.stringify(to))
}

function ageKey(id: AttachmentId, row: ContentRow, since: number): string {
  return isTombstone(row) ? tombstoneKey(id, since) : claimKey(id, since)
}

/**
 * Adds a ref. Whoever looks for all refs of the content, or of the session, gets its fence first: a change of a fence
 * says that what was found may not be all. Nobody reads a fence to change it, so those who add refs do not meet.
 */
export function addRef(view: View, key: string, ref: RefRow): void {
  view.set(contentFence(idOfRef(key)), crypto.randomUUID())
  view.set(sessionFence(ref.sessionId), crypto.randomUUID())
  addRefUnfenced(view, key, ref)
}

/** As {@link addRef}, where nobody else is at work. */
export function addRefUnfenced(view: Writes, key: string, ref: RefRow): void {
  view.set(heldKey(key), '')
  setRef(view, key, ref)
}

/** Changes a ref, and with it what finds it by age. */
export function changeRef(view: View, key: string, from: RefRow, to: RefRow): void {
  unindex(view, key, from)
  setRef(view, key, to)
}

function setRef(view: Writes, key: string, ref: RefRow): void {
  view.set(key, JSON.stringify(ref))
  if (!isCommitted(ref)) view.set(looseKey(key, ageOf(ref)), isLive(ref) ? '' : 'released')
}

export function dropRef(view: View, key: string, ref: RefRow): void {
  unindex(view, key, ref)
  view.delete(heldKey(key))
  view.delete(key)
}

function unindex(view: View, key: string, ref: RefRow): void {
  if (!isCommitted(ref)) view.delete(looseKey(key, ageOf(ref)))
}

/** Makes a claim on content that has no refs. */
export function claimContent(view: View, id: AttachmentId, generation: number, since: number): OrphanClaim {
  const token = crypto.randomUUID()
  setContent(view, id, contentAt(view, id), { generation, claim: token, since })
  return { attachmentId: id, generation, token }
}
