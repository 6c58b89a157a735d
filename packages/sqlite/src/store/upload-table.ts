import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/connection.ts'
import type { Encoded } from './compression.ts'

/** An upload that nobody has touched for so long counts as a dead writer's. A writer that merely slept starts again. */
const staleUploadMs = 60 * 60 * 1000
/** How many chunks one transaction deletes, at most: 8 MiB, for which other writers wait. */
const deletedPerStep = 32

/** A chunk as it is stored. */
export interface StoredChunk {
  encoding: number
  bytes: Uint8Array
}

/**
 * Big content on its way in: its chunks are written in several transactions, and the last one makes them a blob's.
 * Until then they belong to an upload, which no reader sees. Statements on one connection; those that write belong in a
 * transaction.
 */
export class UploadTable {
  readonly #begin: Statement
  readonly #touch: Statement
  readonly #holds: Statement
  readonly #append: Statement
  readonly #chunk: Statement
  readonly #abandon: Statement
  readonly #abandoned: Statement
  readonly #deleteChunks: Statement
  readonly #forget: Statement

  constructor(database: Database) {
    this.#begin = prepare(database, 'INSERT INTO lash_attachment_uploads (touched_at) VALUES (?)')
    this.#touch = prepare(
      database,
      'UPDATE lash_attachment_uploads SET touched_at = ? WHERE number = ? AND touched_at > 0',
    )
    this.#holds = prepare(database, 'SELECT 1 FROM lash_attachment_uploads WHERE number = ? AND touched_at > 0')
    this.#append = prepare(
      database,
      'INSERT INTO lash_attachment_chunks (upload, position, encoding, bytes) VALUES (?, ?, ?, ?)',
    )
    this.#chunk = prepare(
      database,
      'SELECT encoding, bytes FROM lash_attachment_chunks WHERE upload = ? AND position = ?',
    )
    this.#abandon = prepare(database, 'UPDATE lash_attachment_uploads SET touched_at = 0 WHERE number = ?')
    this.#abandoned = prepare(
      database,
      'SELECT number FROM lash_attachment_uploads WHERE touched_at <= ? ORDER BY number LIMIT 1',
    ).pluck()
    this.#deleteChunks = prepare(
      database,
      `
      DELETE FROM lash_attachment_chunks WHERE rowid IN (
        SELECT rowid FROM lash_attachment_chunks WHERE upload = ? LIMIT ${deletedPerStep}
      )`,
    )
    this.#forget = prepare(database, 'DELETE FROM lash_attachment_uploads WHERE number = ?')
  }

  begin(now: number): number {
    return Number(this.#begin.run(now).lastInsertRowid)
  }

  /** Adds chunks from a position on. Returns false, and adds none, when the upload was taken for a dead writer's. */
  append(upload: number, position: number, chunks: readonly Encoded[], now: number): boolean {
    if (this.#touch.run(now, upload).changes === 0) return false
    chunks.forEach(({ encoding, bytes }, index) => {
      this.#append.run(upload, position + index, encoding, bytes)
    })
    return true
  }

  /** Whether the upload is still its writer's, as in {@link append}. */
  holds(upload: number): boolean {
    return this.#holds.get(upload) !== undefined
  }

  /** Ends the upload: from here on its chunks are a blob's. */
  end(upload: number): void {
    this.#forget.run(upload)
  }

  /** Leaves the upload to be deleted. */
  abandon(upload: number): void {
    this.#abandon.run(upload)
  }

  chunk(upload: number, position: number): StoredChunk | undefined {
    return this.#chunk.get(upload, position) as StoredChunk | undefined
  }

  /** Deletes some of the chunks that uploads left behind. Returns whether there may be more. */
  clean(now: number): boolean {
    const upload = this.#abandoned.get(now - staleUploadMs) as number | undefined
    if (upload === undefined) return false
    // Before the first chunk is deleted: a writer that wakes up now must not add to it, nor make a blob of the rest.
    this.abandon(upload)
    if (this.#deleteChunks.run(upload).changes < deletedPerStep) this.#forget.run(upload)
    return true
  }
}
