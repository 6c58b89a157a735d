import type { AttachmentMeta } from '@lash/attachments-core'
import { hasGoodMeta, type MetaColumns } from '@lash/attachments-core/backend'

export interface BlobRow extends MetaColumns {
  /** Numbers of 64 bits come as text. */
  byte_length: string
}

/** A blob with the length of the bytes that are really there. */
export interface StatRow extends BlobRow {
  stored_length: string | number
}

/** Whether a blob is as a put of it leaves it: of the right length, with readable metadata. */
export function isIntact({ byteLength }: AttachmentMeta, row: StatRow): boolean {
  return Number(row.byte_length) === byteLength && Number(row.stored_length) === byteLength && hasGoodMeta(row)
}

/**
 * Whether a statement inserted a blob, and the row that was there before. Its columns are all null when there was none.
 */
export type InsertResult = { inserted: boolean } & { [Column in keyof StatRow]: StatRow[Column] | null }

/** Of an insert that met no row. */
export const newlyInserted: InsertResult = {
  inserted: true,
  byte_length: null,
  media_type: null,
  width: null,
  height: null,
  label: null,
  stored_length: null,
}

/** Whether an intact blob is stored now, by this insert or by an earlier one. */
export function isStored(meta: AttachmentMeta, result: InsertResult): boolean {
  return result.inserted || (result.byte_length !== null && isIntact(meta, result as StatRow))
}
