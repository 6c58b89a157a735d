import type { AttachmentMeta } from '@lash/attachments-core'
import { isIntact, type StatRow } from './blob-row.ts'

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
