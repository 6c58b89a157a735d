import Sqlite, { type Database } from 'better-sqlite3'

export interface ConnectionOptions {
  path: string
  /** How long a statement waits for a lock, blocking its thread. */
  busyTimeoutMs: number
  readonly?: boolean
  /** Not to be made when it is missing. */
  fileMustExist?: boolean
}

/** How long a log is left that was longer for a while, in bytes. */
export const longLogBytes: number = 32 * 1024 * 1024

/**
 * Opens a connection of our own. A commit on it is on the disk, not only on its way there; and nobody sees a commit that is not,
 * because in WAL mode SQLite syncs before it shows.
 */
export function openConnection(options: ConnectionOptions): Database {
  const { path, busyTimeoutMs, readonly = false, fileMustExist = false } = options
  const database = new Sqlite(path, { timeout: busyTimeoutMs, readonly, fileMustExist })
  try {
    // EXTRA: where a host keeps its database in a rollback journal, a commit is the deletion of that file, and FULL does not sync the
    // folder after it; a power cut would bring the journal back, and it would undo the commit. In WAL mode the two are the same.
    database.pragma('synchronous = EXTRA')
    // macOS: a plain fsync leaves the bytes in the drive's cache. Without effect elsewhere.
    database.pragma('fullfsync = ON')
    database.pragma('checkpoint_fullfsync = ON')
    // Checkpoints are the write queue's, so that none ever runs on the event loop's thread.
    database.pragma('wal_autocheckpoint = 0')
    database.pragma(`journal_size_limit = ${longLogBytes}`)
    database.pragma('cache_size = -8192')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
