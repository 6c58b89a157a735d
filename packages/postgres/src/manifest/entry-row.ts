import type { AttachmentManifestEntry } from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'
import { type MetaRow, metaOf } from '../store/blob-row.ts'

/** A row of refs. Numbers of 64 bits come as text. */
export interface RefColumns extends MetaRow {
  id: string
  session_id: string
  generation: string
  intent_at: string
  committed_at: string | null
  released_at: string | null
}

/** The entry of a row; absent fields stay absent. */
export function entryOf(row: RefColumns): AttachmentManifestEntry {
  return {
    attachmentId: row.id,
    sessionId: row.session_id,
    canonicalUri: canonicalUri(row.id),
    intentAtEpochMs: Number(row.intent_at),
    generation: Number(row.generation),
    ...(row.media_type === null ? {} : { meta: metaOf(row) }),
    ...(row.committed_at === null ? {} : { committedAtEpochMs: Number(row.committed_at) }),
    ...(row.released_at === null ? {} : { releasedAtEpochMs: Number(row.released_at) }),
  }
}
