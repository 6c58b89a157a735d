import type { AttachmentKey, AttachmentMeta } from '@lash/attachments-core'
import { metaColumns } from '@lash/attachments-core/backend'
import { concatenatedBodies, metaColumnArrays } from '../database/batch-parameters.ts'
import type { Database } from '../database/database.ts'
import { byteaOf } from '../database/statement.ts'
import { StatementBatcher } from '../database/statement-batcher.ts'
import { type InsertResult, newlyInserted } from './blob-row.ts'
import { type BlobStatements, keyValues } from './blob-statements.ts'

/** Largest body that shares a statement with others. For a bigger one, the saved round trip matters little. */
export const maxSharedBytes: number = 16 * 1024

/**
 * After so many blobs in a row that were new, the next one is expected to be new, too. Then the server does not prepare
 * to tell what is there already, a fifth of its work; for a blob that is there after all, there is one more round trip.
 */
const newBlobsInRow = 32

/** A blob whose bytes go into its row. */
export interface SmallBlob {
  readonly key: AttachmentKey
  readonly meta: AttachmentMeta
  readonly bytes: Uint8Array
}

/** Inserts small blobs, many at once in one statement. Waits for another writer of the same copy. */
export class SmallBlobWriter {
  readonly #database: Database
  readonly #sql: BlobStatements
  readonly #batcher: StatementBatcher<SmallBlob, InsertResult>
  #newInRow = 0

  constructor(database: Database, sql: BlobStatements) {
    this.#database = database
    this.#sql = sql
    this.#batcher = new StatementBatcher({
      single: (blob, signal) => this.#insert(blob, signal),
      batch: (blobs, signal) => this.#insertMany(blobs, signal),
      keyOf: ({ key }) => keyText(key.id, key.generation),
      byteLengthOf: ({ bytes }) => bytes.byteLength,
    })
  }

  insert(blob: SmallBlob, signal: AbortSignal | undefined): Promise<InsertResult> {
    return blob.bytes.byteLength <= maxSharedBytes ? this.#batcher.run(blob, signal) : this.#insert(blob, signal)
  }

  async #insert({ key, meta, bytes }: SmallBlob, signal: AbortSignal | undefined): Promise<InsertResult> {
    const values = [...keyValues(key), meta.byteLength, ...metaColumns(meta), bytes]
    if (this.#newInRow >= newBlobsInRow) {
      const { rowCount } = await this.#database.query(this.#sql.insertNewSmall, values, signal)
      if (rowCount === 1) return newlyInserted
    }
    const { rows } = await this.#database.query<PresentRow>(this.#sql.insertSmall, values, signal)
    this.#newInRow = rows[0] === undefined ? this.#newInRow + 1 : 0
    return rows[0] === undefined ? newlyInserted : { ...rows[0], inserted: false }
  }

  async #insertMany(blobs: readonly SmallBlob[], signal: AbortSignal): Promise<InsertResult[]> {
    const values = [
      blobs.map(({ key }) => byteaOf(key.id)),
      blobs.map(({ key }) => key.generation),
      blobs.map(({ meta }) => meta.byteLength),
      ...metaColumnArrays(blobs.map(({ meta }) => meta)),
      ...concatenatedBodies(blobs.map(({ bytes }) => bytes)),
    ]
    const { rows } = await this.#database.query<KeyedRow>(this.#sql.insertManySmall, values, signal)
    const present = new Map(rows.map(row => [keyText(row.id, row.generation), { ...row, inserted: false }]))
    return blobs.map(({ key }) => present.get(keyText(key.id, key.generation)) ?? newlyInserted)
  }
}

type PresentRow = Omit<InsertResult, 'inserted'>
type KeyedRow = PresentRow & { id: string; generation: string }

function keyText(id: string, generation: number | string): string {
  return `${id}.${generation}`
}
