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
