import { AttachmentDatabase, type SqliteDatabaseOptions } from './database/database.ts'
import { SqliteAttachmentManifest, type SqliteManifestOptions } from './manifest/manifest.ts'
import { SqliteAttachmentStore, type SqliteStoreOptions } from './store/store.ts'

export interface SqliteAttachmentsOptions
  extends SqliteStoreOptions,
    SqliteManifestOptions,
    Pick<SqliteDatabaseOptions, 'busyTimeoutMs'> {}

/** A store and a manifest in one database. */
export interface SqliteAttachments extends AsyncDisposable {
  readonly store: SqliteAttachmentStore
  readonly manifest: SqliteAttachmentManifest
  /** Closes both. Idempotent. */
  close(): Promise<void>
}

/**
 * Opens a store and a manifest in one database file, on the same connections: a session's put writes its intent and its bytes with one
 * commit, and everything that happens in one turn shares a sync of the disk.
 * @param target a path, or as in {@link SqliteDatabaseOptions} the host's own handle.
 * @throws as the constructor of SqliteAttachmentStore does.
 */
export function openSqliteAttachments(
  target: string | Pick<SqliteDatabaseOptions, 'path' | 'database'>,
  options: SqliteAttachmentsOptions = {},
): SqliteAttachments {
  const where = typeof target === 'string' ? { path: target } : target
  const shared = new AttachmentDatabase({ ...where, busyTimeoutMs: options.busyTimeoutMs }).hold()
  let store: SqliteAttachmentStore | undefined
  try {
    store = new SqliteAttachmentStore({ ...options, shared })
    return pair(store, new SqliteAttachmentManifest({ ...options, shared }))
  } catch (error) {
    void store?.close()
    throw error
  } finally {
    // From here on it is held by its two halves, or by nobody.
    void shared.release()
  }
}

/** `close` works without its object, so that it can be taken out together with the halves. */
function pair(store: SqliteAttachmentStore, manifest: SqliteAttachmentManifest): SqliteAttachments {
  const close = async () => {
    await Promise.all([store.close(), manifest.close()])
  }
  return { store, manifest, close, [Symbol.asyncDispose]: close }
}
