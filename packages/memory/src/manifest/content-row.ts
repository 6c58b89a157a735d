import type {
  AttachmentContentRecord,
  AttachmentCreateMeta,
  AttachmentId,
  AttachmentManifestEntry,
} from '@lash/attachments-core'
import { ageOf, canonicalUri, isLive } from '@lash/attachments-core/backend'

/**
 * What is known about some content: its generation, and who may delete it. When nobody refers to the content any more,
 * the row is kept as a tombstone.
 */
export interface ContentRow {
  readonly id: AttachmentId
  generation: number
  /** The token of the claim that gives the right to delete the copy at `generation`. A claimed row has no refs. */
  claim: string | undefined
  /** When the claim was made or, for a tombstone, when the row became one. */
  since: number
  readonly refs: Set<RefRow>
  /** How many of the refs are committed. While there is one, the content may not be claimed. */
  committedRefs: number
}

/** The hold that one holder in a session has on some content. */
export interface RefRow {
  readonly content: ContentRow
  readonly sessionId: string
  readonly holder: string
  /** Undefined where the manifest that it comes from did not know it. */
  byteLength: number | undefined
  meta: AttachmentCreateMeta | undefined
  generation: number
  intentAt: number
  committedAt: number | undefined
  releasedAt: number | undefined
}

/** A copy for the caller. Absent fields stay absent. */
export function entryOf(ref: RefRow): AttachmentManifestEntry {
  const entry: AttachmentManifestEntry = {
    attachmentId: ref.content.id,
    sessionId: ref.sessionId,
    holder: ref.holder,
    canonicalUri: canonicalUri(ref.content.id),
    intentAtEpochMs: ref.intentAt,
    generation: ref.generation,
  }
  if (ref.byteLength !== undefined) entry.byteLength = ref.byteLength
  if (ref.meta !== undefined) entry.meta = { ...ref.meta }
  if (ref.committedAt !== undefined) entry.committedAtEpochMs = ref.committedAt
  if (ref.releasedAt !== undefined) entry.releasedAtEpochMs = ref.releasedAt
  return entry
}

/** Whether anybody has committed the content. */
export function isHeld(content: ContentRow): boolean {
  return content.committedRefs > 0
}

/** Whether a sweep at that time takes the content. */
export function isOrphan(content: ContentRow, olderThan: number): boolean {
  if (isHeld(content) || content.refs.size === 0) return false
  for (const ref of content.refs) if (ageOf(ref) > olderThan) return false
  return true
}

/** Whether everybody has released the content. */
export function isReleased(content: ContentRow): boolean {
  for (const ref of content.refs) if (isLive(ref)) return false
  return true
}

export function isUnreferenced(content: ContentRow): boolean {
  return content.claim === undefined && content.refs.size === 0
}

/** What another manifest takes over of the content. */
export function recordOf(content: ContentRow): AttachmentContentRecord {
  const { id: attachmentId, generation, since } = content
  const record = { attachmentId, generation, refs: [...content.refs].map(entryOf) }
  if (record.refs.length > 0) return record
  return content.claim === undefined ? { ...record, emptiedAtEpochMs: since } : { ...record, claimedAtEpochMs: since }
}
