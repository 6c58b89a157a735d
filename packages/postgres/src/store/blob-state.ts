import type { AttachmentMeta } from '@lash/attachments-core'
import { type BlobRow, blobMeta } from './blob-row.ts'

/** A blob with the length of the bytes that are really there. */
export interface StatRow extends BlobRow {
  stored_length: string | number
}

/** What a put met. Of what was there before, every column is null when there was nothing. */
export type InsertedRow = { inserted: boolean } & { [Column in keyof StatRow]: StatRow[Column] | null }

/** Of a put that was the first. */
export const insertedAnew: InsertedRow = {
  inserted: true,
  byte_length: null,
  media_type: null,
  width: null,
  height: null,
  label: null,
  stored_length: null,
}

/** Whether the copy is there as it should be, by this put or before it. */
export function isThere(meta: AttachmentMeta, row: InsertedRow): boolean {
  return row.inserted || (row.byte_length !== null && isWhole(meta, row as StatRow))
}

/** Whether a blob is as a put of it would leave it: length and readable metadata. */
export function isWhole(meta: AttachmentMeta, row: StatRow): boolean {
  if (Number(row.byte_length) !== meta.byteLength || Number(row.stored_length) !== meta.byteLength) return false
  try {
    blobMeta(meta.id, meta.byteLength, row)
    return true
  } catch {
    return false
  }
}
