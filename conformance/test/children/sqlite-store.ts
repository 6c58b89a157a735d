import { SqliteAttachmentStore, type SqliteAttachmentStoreOptions } from '@lash/attachments-sqlite'

/** In a child process, opens the store of the sqlite harness. */
export function open(options: SqliteAttachmentStoreOptions): SqliteAttachmentStore {
  return new SqliteAttachmentStore(options)
}
