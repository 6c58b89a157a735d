import { closeTogether, type OpenedTogether, placed } from '@lash/attachments-core/backend'
import { AttachmentDatabase } from './database/database.ts'
import { SqliteAttachmentManifest, type SqliteAttachmentManifestOptions } from './manifest/manifest.ts'
import { SqliteAttachmentStore, type SqliteAttachmentStoreOptions } from './store/store.ts'

export interface SqliteAttachmentsOptions extends SqliteAttachmentStoreOptions, SqliteAttachmentManifestOptions {}

/** A store and a manifest in one database. */
export type SqliteAttachments = OpenedTogether<SqliteAttachmentStore, SqliteAttachmentManifest>

/**
 * Opens a store and a manifest in one database file, on the same connections: a session's put writes its intent and its
 * bytes with one commit, and everything that happens in one turn of the event loop shares one sync of the disk.
 * @param target the options, or `path` for short.
 * @throws as the constructor of SqliteAttachmentStore does.
 */
export function openSqliteAttachments(
  target: string | SqliteAttachmentsOptions,
  options?: SqliteAttachmentsOptions,
): SqliteAttachments {
  const given = placed('path', target, options)
  const shared = new AttachmentDatabase(given).hold()
  // No option that callers have: see `openDatabase`.
  const half = { ...given, shared }
  let store: SqliteAttachmentStore | undefined
  try {
    store = new SqliteAttachmentStore(half)
    return closeTogether(store, new SqliteAttachmentManifest(half))
  } catch (error) {
    void store?.close()
    throw error
  } finally {
    // From here on its two halves hold it, or nobody does.
    void shared.release()
  }
}
