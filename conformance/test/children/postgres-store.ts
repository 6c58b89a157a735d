import type { AttachmentStore } from '@lash/attachments-core'
import { PostgresAttachmentStore, type PostgresAttachmentStoreOptions } from '@lash/attachments-postgres'

/** In a child process, opens the store of the PostgreSQL harness. */
export function open(options: PostgresAttachmentStoreOptions): AttachmentStore {
  return new PostgresAttachmentStore(options)
}
