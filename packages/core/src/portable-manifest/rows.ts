import { type AttachmentId, canonicalUri } from '../content/id.ts'
import type { AttachmentCreateMeta } from '../content/meta.ts'
import type { AttachmentManifestEntry } from '../manifest/manifest.ts'

/** What is known about some content. It has refs, or is under a claim, or is a tombstone. */
export interface ContentRow {
  readonly generation: number
  /** The token of the claim that gives the right to delete the copy at `generation`. */
  readonly claim?: string
  /** When the claim was made or, without one, when the row became a tombstone. Absent while there are refs. */
  readonly since?: number
}

/** The hold that one holder in a session has on some content. */
export interface RefRow {
  readonly sessionId: string
  readonly holder: string
  readonly generation: number
  /** Absent where the manifest that the ref was imported from did not know it. */
  readonly byteLength?: number | undefined
  readonly intentAt: number
  readonly meta?: AttachmentCreateMeta | undefined
  readonly committedAt?: number
  readonly releasedAt?: number
}

/** The row that a value holds. Absent values have none. */
export function rowIn<Row extends ContentRow | RefRow>(value: string): Row
export function rowIn<Row extends ContentRow | RefRow>(value: string | undefined): Row | undefined
export function rowIn<Row>(value: string | undefined): Row | undefined {
  return value === undefined ? undefined : (JSON.parse(value) as Row)
}

/** Whether the content has no refs and no claim. */
export function isTombstone(row: ContentRow): row is ContentRow & { since: number } {
  return row.since !== undefined && row.claim === undefined
}

/** The entry of a ref. Absent fields stay absent. */
export function entryOfRef(attachmentId: AttachmentId, ref: RefRow): AttachmentManifestEntry {
  const { sessionId, holder, generation, byteLength, intentAt, meta, committedAt, releasedAt } = ref
  return {
    attachmentId,
    sessionId,
    holder,
    canonicalUri: canonicalUri(attachmentId),
    intentAtEpochMs: intentAt,
    generation,
    ...(byteLength === undefined ? {} : { byteLength }),
    ...(meta === undefined ? {} : { meta }),
    ...(committedAt === undefined ? {} : { committedAtEpochMs: committedAt }),
    ...(releasedAt === undefined ? {} : { releasedAtEpochMs: releasedAt }),
  }
}

/** The row of a ref that another manifest has exported. */
export function refOfEntry(entry: AttachmentManifestEntry): RefRow {
  const { sessionId, holder, generation, byteLength, meta, committedAtEpochMs, releasedAtEpochMs } = entry
  return {
    ...{ sessionId, holder, generation, byteLength, intentAt: entry.intentAtEpochMs, meta },
    ...(committedAtEpochMs === undefined ? {} : { committedAt: committedAtEpochMs }),
    ...(releasedAtEpochMs === undefined ? {} : { releasedAt: releasedAtEpochMs }),
  }
}
