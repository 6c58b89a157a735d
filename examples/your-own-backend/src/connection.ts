import { DatabaseSync } from 'node:sqlite'

export interface OneFileOptions {
  /** The path of the database, which is made when it is not there. */
  location: string
}

/** Opens the file. What is committed in it survives a power cut. */
export function connect({ location }: OneFileOptions): DatabaseSync {
  const database = new DatabaseSync(location)
  database.exec('PRAGMA busy_timeout = 30000; PRAGMA synchronous = FULL')
  writeAhead(database)
  database.exec(`
    CREATE TABLE IF NOT EXISTS blobs (name TEXT PRIMARY KEY, meta TEXT, bytes BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `)
  return database
}

/** A commit is one sync then. To enter the mode fails while another process opens the file. */
function writeAhead(database: DatabaseSync): void {
  for (let attempt = 1; ; attempt++) {
    try {
      database.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (attempt === 1000) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

/** Does all of the work or nothing of it, and keeps other writers out meanwhile. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
