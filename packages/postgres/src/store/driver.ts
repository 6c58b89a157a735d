import type {
  AttachmentContent,
  AttachmentDriver,
  AttachmentDriverOptions,
  AttachmentDriverRead,
  AttachmentDriverReadOptions,
  AttachmentKey,
  AttachmentListing,
  AttachmentMeta,
  AttachmentSpoolOptions,
} from '@lash/attachments-core'
import { blobMetaOf } from '@lash/attachments-core/backend'
import type { Database } from '../database/database.ts'
import { byteaOf } from '../database/statement.ts'
import { BlobRowReader } from './blob-row-reader.ts'
import { type BlobStatements, blobStatements, keyValues, listPage } from './blob-statements.ts'
import { BlobWriter, smallBytesOf } from './blob-writer.ts'
import { ChunkReader } from './chunk-reader.ts'

export interface PostgresDriverOptions {
  readonly maxByteLength?: number | undefined
  readonly spool?: AttachmentSpoolOptions | undefined
}

/** Blobs in tables: the bytes of small ones are in their row, those of bigger ones in chunk rows. */
export class PostgresDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 'postgres'
  readonly returnsBytes = true
  readonly persistence = 'durable'
  readonly spool: AttachmentSpoolOptions | undefined
  readonly #database: Database
  readonly #sql: BlobStatements
  readonly #rows: BlobRowReader
  readonly #writer: BlobWriter
  readonly #maxByteLength: number
  #closed = false

  constructor(database: Database, { maxByteLength = Number.POSITIVE_INFINITY, spool }: PostgresDriverOptions) {
    this.spool = spool
    this.#database = database
    this.#sql = blobStatements(database.schema)
    this.#rows = new BlobRowReader(database, this.#sql)
    this.#writer = new BlobWriter(database, this.#sql, this.#rows)
    this.#maxByteLength = maxByteLength
  }

  /** Whether a manifest in this database may store the content here with the statement that records its intent. */
  joins(database: Database, content: AttachmentContent): boolean {
    if (this.#closed || !this.#database.isSameAs(database)) return false
    const bytes = smallBytesOf(content)
    return bytes !== undefined && bytes.byteLength <= this.#maxByteLength
  }

  write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    return this.#writer.write({ key, content, meta, signal })
  }

  async read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    const { start, end, signal } = options
    for (;;) {
      const row = await this.#rows.read(key, signal)
      if (row === null) return undefined
      const meta = blobMetaOf(key.id, Number(row.byte_length), row)
      if (!row.in_row) return { meta, body: await this.#readChunks(key, meta, options) }
      const bytes = row.bytes ?? (await this.#copyBytes(key, signal))
      if (bytes !== undefined) return { meta, body: start === undefined ? bytes : bytes.slice(start, end) }
      // Deleted or replaced between the two statements: look again.
    }
  }

  async #copyBytes(key: AttachmentKey, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const text = this.#sql.copyBytesOut(key)
    const [bytes] = await this.#database.copyOut(text, ([value]) => new Uint8Array(value as Buffer), signal)
    return bytes
  }

  #readChunks(
    key: AttachmentKey,
    meta: AttachmentMeta,
    options: AttachmentDriverReadOptions,
  ): Promise<AttachmentDriverRead['body']> {
    const end = Math.min(options.end ?? meta.byteLength, meta.byteLength)
    const start = Math.min(options.start ?? 0, end)
    return new ChunkReader(this.#database, this.#sql, key, meta, { start, end }, options.signal).body()
  }

  async stat(key: AttachmentKey, { signal }: AttachmentDriverOptions): Promise<AttachmentMeta | undefined> {
    const row = await this.#rows.stat(key, signal)
    return row === undefined ? undefined : blobMetaOf(key.id, Number(row.stored_length), row)
  }

  async remove(keys: readonly AttachmentKey[], { signal }: AttachmentDriverOptions): Promise<void> {
    const ids = keys.map(({ id }) => byteaOf(id))
    await this.#database.query(this.#sql.remove, [ids, keys.map(({ generation }) => generation)], signal)
  }

  async *list({
    prefix,
    signal,
  }: AttachmentDriverOptions & { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    const lastId = byteaOf(prefix.padEnd(64, 'f'))
    let after: AttachmentKey = { id: prefix.padEnd(64, '0'), generation: -1 }
    for (;;) {
      const values = [...keyValues(after), lastId]
      const { rows } = await this.#database.query<ListedRow>(this.#sql.list, values, signal)
      for (const row of rows) {
        after = { id: row.id, generation: Number(row.generation) }
        yield { ...after, byteLength: Number(row.byte_length), lastModifiedMs: Number(row.stored_at) }
      }
      if (rows.length < listPage) return
    }
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#database.close()
  }
}

interface ListedRow {
  id: string
  generation: string
  byte_length: string
  stored_at: string
}
