import type { AttachmentCreateMeta, AttachmentId, AttachmentManifestEntry } from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'

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
  byteLength: number
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
    byteLength: ref.byteLength,
    intentAtEpochMs: ref.intentAt,
    generation: ref.generation,
  }
  if (ref.meta !== undefined) entry.meta = { ...ref.meta }
  if (ref.committedAt !== undefined) entry.committedAtEpochMs = ref.committedAt
  if (ref.releasedAt !== undefined) entry.releasedAtEpochMs = ref.releasedAt
  return entry
}
