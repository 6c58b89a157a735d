import type { AttachmentKey, AttachmentMeta } from '@lash/attachments-core'
import type { Database } from '../database/database.ts'
import { Gathering } from '../database/gathering.ts'
import { joinedBodies, metaArrays } from '../database/shared-columns.ts'
import { byteaOf } from '../database/statement.ts'
import { metaColumns } from './blob-row.ts'
import { type InsertedRow, insertedAnew } from './blob-state.ts'
import type { BlobStatements } from './blob-statements.ts'

/** Bytes up to which puts share a statement: what they save by it is little beside what bigger ones cost. */
export const sharedBytes: number = 16 * 1024

/** A put of bytes that go into the row of their blob. */
export interface SmallPut {
  readonly key: AttachmentKey
  readonly meta: AttachmentMeta
  readonly bytes: Uint8Array
}

/** Inserts small blobs; many that come at once in one statement. Waits for a writer of the same copy. */
export class SmallPuts {
  readonly #database: Database
  readonly #sql: BlobStatements
  readonly #gathering: Gathering<SmallPut, InsertedRow>

  constructor(database: Database, sql: BlobStatements) {
    this.#database = database
    this.#sql = sql
    this.#gathering = new Gathering({
      alone: (put, signal) => this.#insert(put, signal),
      together: (puts, signal) => this.#insertMany(puts, signal),
      keyOf: ({ key }) => keyText(key.id, key.generation),
      weightOf: ({ bytes }) => bytes.byteLength,
    })
  }

  /** Whether the copy was inserted, and what was there before. */
  insert(put: SmallPut, signal: AbortSignal | undefined): Promise<InsertedRow> {
    return put.bytes.byteLength <= sharedBytes ? this.#gathering.run(put, signal) : this.#insert(put, signal)
  }

  async #insert({ key, meta, bytes }: SmallPut, signal: AbortSignal | undefined): Promise<InsertedRow> {
    const values = [byteaOf(key.id), key.generation, meta.byteLength, ...metaColumns(meta), bytes]
    const { rows } = await this.#database.query<MetRow>(this.#sql.insertSmall, values, signal)
    return rows[0] === undefined ? insertedAnew : { ...rows[0], inserted: false }
  }

  async #insertMany(puts: readonly SmallPut[], signal: AbortSignal): Promise<InsertedRow[]> {
    const values = [
      puts.map(({ key }) => byteaOf(key.id)),
      puts.map(({ key }) => key.generation),
      puts.map(({ meta }) => meta.byteLength),
      ...metaArrays(puts.map(({ meta }) => meta)),
      ...joinedBodies(puts.map(({ bytes }) => bytes)),
    ]
    const { rows } = await this.#database.query<KeyedRow>(this.#sql.insertManySmall, values, signal)
    const present = new Map(rows.map(row => [keyText(row.id, row.generation), { ...row, inserted: false }]))
    return puts.map(({ key }) => present.get(keyText(key.id, key.generation)) ?? insertedAnew)
  }
}

type MetRow = Omit<InsertedRow, 'inserted'>
type KeyedRow = MetRow & { id: string; generation: string }

function keyText(id: string, generation: number | string): string {
  return `${id}.${generation}`
}
