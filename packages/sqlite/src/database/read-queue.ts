import type { AttachmentStoreError } from '@lash/attachments-core'
import { LoopYield } from '@lash/attachments-core/backend'
import type { Database, Statement } from 'better-sqlite3'
import { prepare } from './connection.ts'
import { retryWhileBusy } from './retry-while-busy.ts'
import { isBusy } from './sqlite-error.ts'
import type { Tables } from './tables.ts'

type Query<T> = (tables: Tables) => T

interface Waiting {
  query: Query<unknown>
  resolve(result: unknown): void
}

export interface ReadQueueOptions {
  busyTimeoutMs: number
  /** Any error as one of ours. */
  error(cause: unknown): AttachmentStoreError
}

/**
 * Reads that are asked for in one turn share a read transaction: a snapshot and its locks cost more than the one row
 * that most reads look at. Each sees everything that was committed before it was asked for, and fails alone.
 */
export class ReadQueue {
  readonly #database: Database
  readonly #tables: Tables
  readonly #options: ReadQueueOptions
  readonly #begin: Statement
  readonly #end: Statement
  readonly #loopYield = new LoopYield()
  #waiting: Waiting[] = []

  constructor(database: Database, tables: Tables, options: ReadQueueOptions) {
    this.#database = database
    this.#tables = tables
    this.#options = options
    this.#begin = prepare(database, 'BEGIN')
    this.#end = prepare(database, 'COMMIT')
  }

  submit<T>(query: Query<T>): Promise<T> {
    return new Promise<T>(resolve => {
      this.#waiting.push({ query, resolve: resolve as Waiting['resolve'] })
      if (this.#waiting.length === 1) queueMicrotask(() => this.#read())
    })
  }

  #read(): void {
    const turn = this.#loopYield.beforeStep()
    if (turn !== undefined) return void turn.then(() => this.#read())
    const group = this.#waiting
    this.#waiting = []
    // A database in memory has no locks, and its handle may be the host's, with a transaction of the host's open.
    const together = group.length > 1 && this.#database.open && !this.#database.memory
    if (together) this.#begin.run()
    for (const waiting of group) this.#answer(waiting)
    // Some errors have already ended the transaction.
    if (together && this.#database.inTransaction) this.#end.run()
  }

  #answer({ query, resolve }: Waiting): void {
    try {
      resolve(query(this.#tables))
    } catch (error) {
      resolve(this.#retry(query, error))
    }
  }

  /** Waits for the lock of a process that recovers or closes the file, without blocking the thread. */
  async #retry<T>(query: Query<T>, first: unknown): Promise<T> {
    const { busyTimeoutMs } = this.#options
    try {
      if (!isBusy(first)) throw first
      return await retryWhileBusy(busyTimeoutMs, () => query(this.#tables))
    } catch (error) {
      throw this.#options.error(error)
    }
  }
}
