import Sqlite, { type Database, type Statement } from 'better-sqlite3'

export interface ConnectionOptions {
  path: string
  /** How long a statement waits for a lock; it blocks its thread meanwhile. */
  busyTimeoutMs: number
  readonly?: boolean
  /** Fails when the file is missing, instead of making it. */
  fileMustExist?: boolean
}

/** A longer log has to begin anew, and its file is cut to this length, in bytes: twice what a checkpoint waits for. */
export const longLogBytes: number = 32 * 1024 * 1024

/**
 * Opens a connection of our own. A commit on it is on the disk when it returns; and nobody sees a commit before that,
 * because in WAL mode SQLite syncs before it shows.
 */
export function openConnection(options: ConnectionOptions): Database {
  const { path, busyTimeoutMs, readonly = false, fileMustExist = false } = options
  const database = new Sqlite(path, { timeout: busyTimeoutMs, readonly, fileMustExist })
  try {
    // EXTRA: with a rollback journal, a commit is the deletion of the journal, and FULL does not sync the folder
    // afterwards. A power cut would bring the journal back, and it would undo the commit. In WAL mode FULL and EXTRA
    // are the same.
    database.pragma('synchronous = EXTRA')
    // macOS: a plain fsync leaves the bytes in the drive's cache. No effect elsewhere.
    database.pragma('fullfsync = ON')
    database.pragma('checkpoint_fullfsync = ON')
    // See checkpoints.ts: SQLite's own checkpoints would run on the event loop's thread.
    database.pragma('wal_autocheckpoint = 0')
    database.pragma(`journal_size_limit = ${longLogBytes}`)
    database.pragma('cache_size = -8192')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** A statement whose integers are numbers, even on the handle of a host that has them as BigInt. */
export function prepare(database: Database, sql: string): Statement {
  return database.prepare(sql).safeIntegers(false)
}
