import type { AttachmentKey } from '@lash/attachments-core'
import type { Database } from '../database/database.ts'
import { byteaOf } from '../database/statement.ts'
import { StatementBatcher } from '../database/statement-batcher.ts'
import type { CopyValue } from '../protocol/protocol.ts'
import type { BlobRow, StatRow } from './blob-row.ts'
import { type BlobStatements, keyValues } from './blob-statements.ts'

/** The row of a blob, with its bytes where they are in it and few. */
export interface ReadRow extends BlobRow {
  /** Whether the bytes are in the row; otherwise they are in chunks. */
  in_row: boolean
  /** In memory of their own, which becomes the caller's. */
  bytes: Uint8Array | null
}

/** Assumed size of a blob, in bytes: the real one is known only after the read. */
const assumedBytes = 16 * 1024
/** Up to this mean length of blobs, a prepared statement is faster than a COPY, which the server parses each time. */
const maxTextBytes = 2 * 1024

/** Reads the rows of blobs, many at once in one statement. */
export class BlobRowReader {
  readonly #database: Database
  readonly #sql: BlobStatements
  readonly #batcher: StatementBatcher<AttachmentKey, ReadRow | null>
  /** Of the blobs that came together last: the next ones are expected to be alike. */
  #meanBytes = Number.POSITIVE_INFINITY

  constructor(database: Database, sql: BlobStatements) {
    this.#database = database
    this.#sql = sql
    this.#batcher = new StatementBatcher<AttachmentKey, ReadRow | null>({
      single: (key, signal) => this.#read(key, signal),
      batch: (keys, signal) => this.#readMany(keys, signal),
      byteLengthOf: () => assumedBytes,
    })
  }

  /** The row, or null when there is none. */
  read(key: AttachmentKey, signal: AbortSignal | undefined): Promise<ReadRow | null> {
    return this.#batcher.run(key, signal)
  }

  /** The row without its bytes, but with their length. */
  async stat(key: AttachmentKey, signal: AbortSignal | undefined): Promise<StatRow | undefined> {
    const { rows } = await this.#database.query<StatRow>(this.#sql.stat, keyValues(key), signal)
    return rows[0]
  }

  async #read(key: AttachmentKey, signal: AbortSignal | undefined): Promise<ReadRow | null> {
    const { rows } = await this.#database.query<ReadRow>(this.#sql.read, keyValues(key), signal)
    return rows[0] ?? null
  }

  async #readMany(keys: readonly AttachmentKey[], signal: AbortSignal): Promise<(ReadRow | null)[]> {
    const found: (ReadRow | null)[] = keys.map(() => null)
    const rows = this.#meanBytes <= maxTextBytes ? await this.#asText(keys, signal) : await this.#byCopy(keys, signal)
    let bytes = 0
    for (const row of rows) {
      found[row.index] = row
      bytes += Number(row.byte_length)
    }
    if (rows.length > 0) this.#meanBytes = bytes / rows.length
    return found
  }

  async #asText(keys: readonly AttachmentKey[], signal: AbortSignal): Promise<IndexedRow[]> {
    const values = [keys.map(({ id }) => byteaOf(id)), keys.map(({ generation }) => generation)]
    const { rows } = await this.#database.query<IndexedRow>(this.#sql.readMany, values, signal)
    return rows
  }

  /** In binary format: as text, the bytes would take twice their size. */
  #byCopy(keys: readonly AttachmentKey[], signal: AbortSignal): Promise<IndexedRow[]> {
    const read = ([index, ...values]: readonly CopyValue[]) => ({ index: int32Of(index), ...rowOf(values) })
    return this.#database.copyOut(this.#sql.copyRowsOut(keys), read, signal)
  }
}

type IndexedRow = ReadRow & { readonly index: number }

function rowOf([length, mediaType, width, height, label, inRow, bytes]: readonly CopyValue[]): ReadRow {
  return {
    byte_length: String(length?.readBigInt64BE()),
    media_type: textOf(mediaType),
    width: width == null ? null : int32Of(width),
    height: height == null ? null : int32Of(height),
    label: textOf(label),
    in_row: inRow?.[0] === 1,
    // Copied: the value is in a buffer of the connection.
    bytes: bytes == null ? null : new Uint8Array(bytes),
  }
}

function int32Of(value: CopyValue | undefined): number {
  return (value as Buffer).readInt32BE()
}

function textOf(value: CopyValue | undefined): string | null {
  return value == null ? null : value.toString('utf8')
}
