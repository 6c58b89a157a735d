import type { AttachmentManifestEntry } from '@lash/attachments-core'
import { type RefColumns as Columns, entryOf as entryOfColumns } from '@lash/attachments-core/backend'

/** A row of refs. */
export interface RefColumns extends Columns {
  id: string
}

export function entryOf(row: RefColumns): AttachmentManifestEntry {
  return entryOfColumns(row.id, row)
}
