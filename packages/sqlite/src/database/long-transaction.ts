import type { Database } from 'better-sqlite3'
import { openConnection } from './connection.ts'
import { retryWhileBusy } from './retry-while-busy.ts'

export interface LongTransactionOptions {
  path: string
  /** How long to wait for the write lock, and for readers at the end, without blocking the thread. */
  busyTimeoutMs: number
  readonly: boolean
}

/** How long one attempt to get a lock may block the thread. */
const attemptMs = 5

/**
 * A transaction that lasts for many turns of the event loop, and so has a connection of its own. Others read what was
 * there before, and wait for the lock when they write.
 */
export async function longTransaction<T>(
  { path, busyTimeoutMs, readonly }: LongTransactionOptions,
  work: (connection: Database) => Promise<T>,
): Promise<T> {
  const connection = openConnection({ path, busyTimeoutMs: attemptMs, readonly, fileMustExist: true })
  try {
    await retryWhileBusy(busyTimeoutMs, () => connection.exec('BEGIN IMMEDIATE'))
    const result = await work(connection)
    await retryWhileBusy(busyTimeoutMs, () => connection.exec('COMMIT'))
    return result
  } finally {
    // Rolls back what is open.
    connection.close()
  }
}
