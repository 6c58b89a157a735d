import type { AttachmentStore } from '@lash/attachments-core'
import { PostgresAttachmentStore, type PostgresStoreOptions } from '@lash/attachments-postgres'

/** Opens, in a child process, the store of a fixture of the PostgreSQL harness. */
export function open(options: PostgresStoreOptions): AttachmentStore {
  return new PostgresAttachmentStore(options)
}
