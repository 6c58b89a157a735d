import { SqliteAttachmentStore, type SqliteAttachmentStoreOptions } from '@lash/attachments-sqlite'

/** Opens the store of another process's fixture. */
export function open(options: SqliteAttachmentStoreOptions): SqliteAttachmentStore {
  return new SqliteAttachmentStore(options)
}
