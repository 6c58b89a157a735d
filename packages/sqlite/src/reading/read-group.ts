import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/connection.ts'
import type { Tables } from '../database/tables.ts'
import type { ClaimTable } from '../manifest/claim-table.ts'
import type { GenerationTable } from '../manifest/generation-table.ts'
import type { RefTable } from '../manifest/ref-table.ts'
import type { BlobTable } from '../store/blob-table.ts'
import type { UploadTable } from '../store/upload-table.ts'

/** What can be read. What a method gives crosses threads: it is data, whose bytes are plain arrays. */
export interface Readable {
  blobs: Pick<BlobTable, 'find' | 'isWhole' | 'listAfter' | 'read' | 'slice' | 'stat'>
  uploads: Pick<UploadTable, 'chunk'>
  generations: Pick<GenerationTable, 'floor' | 'unreferenced'>
  refs: Pick<RefTable, 'count' | 'lookup' | 'ofSession' | 'page'>
  /** `claimBlobs` as a dry run. */
  claims: Pick<ClaimTable, 'claimBlobs' | 'countCandidates'>
}

/** A query as data: it runs on the connection at hand, whichever thread that belongs to. */
export interface Read {
  table: keyof Readable
  method: PropertyKey
  args: readonly unknown[]
}

/**
 * Reads on one connection. Those that run together share a read transaction: a snapshot and its locks cost more than
 * the one row that most reads look at. Each fails alone.
 */
export class ReadGroup {
  readonly #database: Database
  readonly #tables: Tables
  readonly #begin: Statement
  readonly #end: Statement

  constructor(database: Database, tables: Tables) {
    this.#database = database
    this.#tables = tables
    this.#begin = prepare(database, 'BEGIN')
    this.#end = prepare(database, 'COMMIT')
  }

  /** Calls `answer` for each of them, in one read transaction. It must not throw. */
  run<R>(reads: readonly R[], answer: (read: R) => void): void {
    // A database in memory has no locks, and its handle may be the host's, with a transaction of the host's open.
    const together = reads.length > 1 && this.#database.open && !this.#database.memory
    if (together) this.#begin.run()
    for (const read of reads) answer(read)
    // Some errors have already ended the transaction.
    if (together && this.#database.inTransaction) this.#end.run()
  }

  /** What a query gives. @throws the error of SQLite. */
  query({ table, method, args }: Read): unknown {
    const queries = this.#tables[table] as unknown as Record<PropertyKey, (...args: unknown[]) => unknown>
    return queries[method]?.(...args)
  }
}
