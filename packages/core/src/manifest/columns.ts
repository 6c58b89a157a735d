import { type AttachmentId, canonicalUri } from '../content/id.ts'
import { type AttachmentCreateMeta, type AttachmentMeta, checkMeta, storedMeta } from '../content/meta.ts'
import { AttachmentMetadataDecodeError } from '../errors.ts'
import type { AttachmentManifestEntry } from './manifest.ts'

/** Metadata as columns of a table. Where the media type is null, there is no metadata. */
export interface MetaColumns {
  media_type: string | null
  width: number | null
  height: number | null
  label: string | null
}

/** A ref as columns of a table. Numbers of 64 bits may come as text. */
export interface RefColumns extends MetaColumns {
  session_id: string
  holder: string
  generation: number | string
  byte_length: number | string | null
  intent_at: number | string
  committed_at: number | string | null
  released_at: number | string | null
}

/** The values of the columns, in their order. */
export function metaColumns(meta: AttachmentCreateMeta | undefined): (string | number | null)[] {
  return [meta?.mediaType ?? null, meta?.width ?? null, meta?.height ?? null, meta?.label ?? null]
}

/** The metadata of a row, unchecked. Absent fields stay absent. */
export function metaOf({ media_type, width, height, label }: MetaColumns): AttachmentCreateMeta {
  const meta: AttachmentCreateMeta = { mediaType: media_type as string }
  if (width !== null) meta.width = width
  if (height !== null) meta.height = height
  if (label !== null) meta.label = label
  return meta
}

/**
 * @throws AttachmentMetadataDecodeError when the row of a blob holds metadata that no put accepts, so somebody else
 * wrote them.
 */
export function blobMetaOf(id: AttachmentId, byteLength: number, row: MetaColumns): AttachmentMeta {
  try {
    return storedMeta(id, byteLength, checkMeta(metaOf(row)))
  } catch (cause) {
    throw new AttachmentMetadataDecodeError(
      id,
      `the stored metadata of ${id} is damaged: ${(cause as Error).message}; put the original again`,
      { cause },
    )
  }
}

/** Whether a put could have written the metadata of the row. */
export function hasGoodMeta(row: MetaColumns): boolean {
  try {
    checkMeta(metaOf(row))
    return true
  } catch {
    return false
  }
}

/** The entry of a ref. Absent fields stay absent. */
export function entryOf(attachmentId: AttachmentId, row: RefColumns): AttachmentManifestEntry {
  const entry: AttachmentManifestEntry = {
    attachmentId,
    sessionId: row.session_id,
    holder: row.holder,
    canonicalUri: canonicalUri(attachmentId),
    intentAtEpochMs: Number(row.intent_at),
    generation: Number(row.generation),
  }
  if (row.byte_length !== null) entry.byteLength = Number(row.byte_length)
  if (row.media_type !== null) entry.meta = metaOf(row)
  if (row.committed_at !== null) entry.committedAtEpochMs = Number(row.committed_at)
  if (row.released_at !== null) entry.releasedAtEpochMs = Number(row.released_at)
  return entry
}
