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

export function isLive(ref: RefRow): boolean {
  return ref.releasedAt === undefined
}

/** A released ref is not committed any more. */
export function isCommitted(ref: RefRow): boolean {
  return ref.committedAt !== undefined && isLive(ref)
}

/** The time that a sweep compares: that of the release or, of a live ref, that of the intent. */
export function ageOf(ref: RefRow): number {
  return ref.releasedAt ?? ref.intentAt
}

/**
 * Whether a session's reader finds the ref before another of the same session: a committed one comes before an
 * uncommitted one before a released one, and then the older intent comes first.
 */
export function comesBefore(ref: RefRow, other: RefRow): boolean {
  const [rank, otherRank] = [rankOf(ref), rankOf(other)]
  return rank === otherRank ? ref.intentAt < other.intentAt : rank < otherRank
}

function rankOf(ref: RefRow): number {
  if (!isLive(ref)) return 2
  return ref.committedAt === undefined ? 1 : 0
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
