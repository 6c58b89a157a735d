import type { Database, Statement } from 'better-sqlite3'
import { longLogBytes, prepare } from '../database/connection.ts'
import { isFull } from '../database/sqlite-error.ts'
import { syncLog } from '../database/sync-log.ts'
import type { Tables } from '../database/tables.ts'
import { unlimitedPages } from '../full-disk/growth-limit.ts'
import { mayFindItDone, type Operation, runOperation } from './operations.ts'
import { failureOf, type Outcome } from './outcome.ts'

export interface Log {
  bytes: number
  /** Of them, those that are not in the database yet. */
  pendingBytes: number
}

/** How to make a log begin anew, however short it is: in the room that it has on the disk, or giving that back. */
export type CheckpointMode = 'RESTART' | 'TRUNCATE'

/** Runs groups of operations on one connection, each group in one transaction and so with one sync to the disk. */
export class WriteTransaction {
  readonly #database: Database
  readonly #tables: Tables
  readonly #begin: Statement
  readonly #commit: Statement
  readonly #rollback: Statement
  readonly #changes: Statement
  readonly #logState: Statement
  readonly #pageBytes: number
  #maxPages = unlimitedPages

  constructor(database: Database, tables: Tables) {
    this.#database = database
    this.#tables = tables
    this.#begin = prepare(database, 'BEGIN IMMEDIATE')
    this.#commit = prepare(database, 'COMMIT')
    this.#rollback = prepare(database, 'ROLLBACK')
    this.#changes = prepare(database, 'SELECT total_changes()').pluck()
    this.#logState = prepare(database, 'PRAGMA wal_checkpoint(NOOP)')
    this.#pageBytes = prepare(database, 'PRAGMA page_size').pluck().get() as number
  }

  /**
   * Runs operations together. When one fails, everything is rolled back and each runs again alone, so that every caller
   * gets its own outcome and none pays for another's failure. Where there was no room, none runs alone: room may be
   * made for all.
   * @param maxPages - what the database may grow to.
   * @throws the error of SQLite when the transaction cannot begin: somebody else holds the lock. Then nothing ran.
   */
  run(operations: readonly Operation[], maxPages: number = unlimitedPages): Outcome[] {
    this.limit(maxPages)
    this.#begin.run()
    try {
      const before = this.#changes.get()
      const outcomes = operations.map(operation => ({ value: runOperation(this.#tables, operation) }))
      const hasChanged = this.#changes.get() !== before
      this.#commit.run()
      if (!hasChanged) this.#syncWhatWasFound(operations)
      return outcomes
    } catch (error) {
      // Some errors, such as a full disk, have rolled back already.
      if (this.#database.inTransaction) this.#rollback.run()
      const isForAll = operations.length === 1 || isFull(error)
      return operations.map(operation => (isForAll ? { failure: failureOf(error) } : this.#runAlone(operation)))
    }
  }

  /** Limits what the database may grow to by what is written on this connection. */
  limit(pages: number): void {
    if (pages === this.#maxPages) return
    this.#database.pragma(`max_page_count = ${pages}`)
    this.#maxPages = pages
  }

  /** The log, whichever processes have written it; without WAL there is none. */
  log(): Log {
    const { log, checkpointed } = this.#logState.get() as { log: number; checkpointed: number }
    return { bytes: log * this.#pageBytes, pendingBytes: (log - checkpointed) * this.#pageBytes }
  }

  /**
   * Moves what is committed from the log to the database, as far as no reader is in the way. That blocks no other
   * connection. While others write, SQLite does not sync the database: that is left to who moves the end of the log.
   * @throws as `checkpoint` does.
   */
  moveLog(): void {
    this.#database.pragma('wal_checkpoint(PASSIVE)')
  }

  /**
   * Moves what is committed from the log to the database, and syncs it there. But while others go on writing there is
   * always something left in the log, so that it never begins anew. So when it is long all the same, this takes the
   * write lock, moves the rest, and makes the next commit begin the log anew. Where it does not get the lock soon, or
   * somebody reads from the log for longer, it gives up, and the next checkpoint tries again.
   * @param mode makes the log begin anew however short it is.
   * @throws SQLITE_FULL when the database cannot grow by what is in the log.
   */
  checkpoint(mode?: CheckpointMode): void {
    this.moveLog()
    const anew = mode ?? (this.log().bytes >= longLogBytes ? 'RESTART' : undefined)
    if (anew !== undefined) this.#database.pragma(`wal_checkpoint(${anew})`)
  }

  /** A commit that changes nothing syncs nothing; yet its callers are told that something is there. */
  #syncWhatWasFound(operations: readonly Operation[]): void {
    if (this.#database.memory || !operations.some(({ kind }) => mayFindItDone.has(kind))) return
    syncLog(this.#database.name)
  }

  #runAlone(operation: Operation): Outcome {
    try {
      return this.run([operation], this.#maxPages)[0] as Outcome
    } catch (error) {
      return { failure: failureOf(error) }
    }
  }
}
