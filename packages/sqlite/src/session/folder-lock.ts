import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { retryWhileBusy } from '../database/retry-while-busy.ts'

/** The file of the folder's lock. Always empty. */
const lockName = '.lock'

/**
 * Works while nobody else holds the folder's lock, in this process or another. It is SQLite's own lock on an empty
 * database: the system frees it when its holder dies, and a holder that merely stalls keeps it, so that nothing here
 * depends on time.
 * @throws SQLite's SQLITE_BUSY once the time is over.
 */
export async function withFolderLock<T>(folder: string, busyTimeoutMs: number, work: () => T | Promise<T>): Promise<T> {
  const lock = new Sqlite(join(folder, lockName), { timeout: 0 })
  try {
    await retryWhileBusy(busyTimeoutMs, () => lock.exec('BEGIN EXCLUSIVE'))
    return await work()
  } finally {
    lock.close()
  }
}
