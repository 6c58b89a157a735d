import type { AttachmentStore } from '@lash/attachments-core'
import { PostgresAttachmentStore, type PostgresAttachmentStoreOptions } from '@lash/attachments-postgres'

/** Opens, in a child process, the store of a fixture of the PostgreSQL harness. */
export function open(options: PostgresAttachmentStoreOptions): AttachmentStore {
  return new PostgresAttachmentStore(options)
}
