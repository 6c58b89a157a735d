import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { retryWhileBusy } from '../database/retry-while-busy.ts'

/** Of the folder's lock; always empty. */
const lockName = '.lock'

/**
 * Works while nobody else, in whichever process, does so on the folder. It is SQLite's own lock on an empty database: the system
 * frees it when its holder dies, and one who merely stalls keeps it, so that nothing here depends on time.
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
