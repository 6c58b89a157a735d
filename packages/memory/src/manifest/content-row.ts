import type { AttachmentCreateMeta, AttachmentId, AttachmentManifestEntry } from '@lash/attachments-core'

/** What is known of some content: its generation and who may delete it. Kept as a tombstone when nobody refers to it any more. */
export interface ContentRow {
  readonly id: AttachmentId
  generation: number
  /** Token of the sweeper that may delete the bytes of `generation`. A claimed row has no refs. */
  claim: string | undefined
  /** When the claim was made or, of a tombstone, when it became one. */
  since: number
  readonly refs: Set<RefRow>
  /** How many of the refs are committed: while there is one, nothing may be claimed. */
  committedRefs: number
}

/** One session's hold on some content. */
export interface RefRow {
  readonly content: ContentRow
  readonly sessionId: string
  readonly canonicalUri: string
  meta: AttachmentCreateMeta | undefined
  generation: number
  intentAt: number
  committedAt: number | undefined
  releasedAt: number | undefined
}

/** A ref is committed while it is not released. */
export function isCommitted(ref: RefRow): boolean {
  return ref.committedAt !== undefined && ref.releasedAt === undefined
}

/** The time that a sweep compares: of the intent or, once released, of the release. */
export function ageOf(ref: RefRow): number {
  return ref.releasedAt ?? ref.intentAt
}

/** A copy for the caller; absent fields stay absent. */
export function entryOf(ref: RefRow): AttachmentManifestEntry {
  const entry: AttachmentManifestEntry = {
    attachmentId: ref.content.id,
    sessionId: ref.sessionId,
    canonicalUri: ref.canonicalUri,
    intentAtEpochMs: ref.intentAt,
    generation: ref.generation,
  }
  if (ref.meta !== undefined) entry.meta = { ...ref.meta }
  if (ref.committedAt !== undefined) entry.committedAtEpochMs = ref.committedAt
  if (ref.releasedAt !== undefined) entry.releasedAtEpochMs = ref.releasedAt
  return entry
}
