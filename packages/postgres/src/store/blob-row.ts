import {
  type AttachmentCreateMeta,
  type AttachmentId,
  type AttachmentMeta,
  AttachmentMetadataDecodeError,
} from '@lash/attachments-core'
import { checkMeta, storedMeta } from '@lash/attachments-core/backend'

/** Columns of metadata, as they come from the server. */
export interface MetaRow {
  media_type: string | null
  width: number | null
  height: number | null
  label: string | null
}

export interface BlobRow extends MetaRow {
  /** Numbers of 64 bits come as text. */
  byte_length: string
}

/** A blob with the length of the bytes that are really there. */
export interface StatRow extends BlobRow {
  stored_length: string | number
}

/** Values for the four columns of metadata. */
export function metaColumns(meta: AttachmentCreateMeta | undefined): (string | number | null)[] {
  return [meta?.mediaType ?? null, meta?.width ?? null, meta?.height ?? null, meta?.label ?? null]
}

/** The metadata of a row; absent fields stay absent. */
export function metaOf(row: MetaRow): AttachmentCreateMeta {
  return {
    mediaType: row.media_type as string,
    ...(row.width === null ? {} : { width: row.width }),
    ...(row.height === null ? {} : { height: row.height }),
    ...(row.label === null ? {} : { label: row.label }),
  }
}

/** @throws AttachmentMetadataDecodeError when the row holds metadata that no put accepts, so somebody else wrote it. */
export function blobMeta(id: AttachmentId, byteLength: number, row: MetaRow): AttachmentMeta {
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

/** Whether a blob is as a put of it leaves it: of the right length, with readable metadata. */
export function isIntact(meta: AttachmentMeta, row: StatRow): boolean {
  if (Number(row.byte_length) !== meta.byteLength || Number(row.stored_length) !== meta.byteLength) return false
  try {
    blobMeta(meta.id, meta.byteLength, row)
    return true
  } catch {
    return false
  }
}
