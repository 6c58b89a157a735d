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

/** @throws AttachmentMetadataDecodeError when somebody wrote into the table what we never would have. */
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
