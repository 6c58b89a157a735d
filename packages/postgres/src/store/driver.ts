import type {
  AttachmentContent,
  AttachmentDriver,
  AttachmentDriverOptions,
  AttachmentDriverRead,
  AttachmentDriverReadOptions,
  AttachmentKey,
  AttachmentListing,
  AttachmentMeta,
} from '@lash/attachments-core'
import { blocksOf } from '@lash/attachments-core/backend'
import type { Database, Session } from '../database/database.ts'
import { byteaOf } from '../database/statement.ts'
import { type CopyField, CopyIn, CopyOut, int32, int64 } from '../protocol/copy-protocol.ts'
import { blobMeta, isIntact, metaColumns, type StatRow } from './blob-row.ts'
import { BlobRowReader } from './blob-row-reader.ts'
import { type BlobStatements, blobStatements, chunkBytes, listPage } from './blob-statements.ts'
import { ChunkReader } from './chunk-reader.ts'
import { type InsertResult, isStored } from './insert-result.ts'
import { SmallBlobWriter } from './small-blob-writer.ts'

/** Bytes up to which they are in the row of the blob, and sent without asking first whether they are there. */
const smallBytes = 64 * 1024
/** Bytes up to which one statement carries them all. */
const singleStatementBytes = 4 * 1024 * 1024

/** Blobs in tables: small ones in one row, bigger ones in chunk rows. Each write is one transaction. */
export class PostgresDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 'postgres'
  readonly persistence = 'durable'
  readonly #database: Database
  readonly #sql: BlobStatements
  readonly #smallBlobs: SmallBlobWriter
  readonly #rows: BlobRowReader
  readonly #maxByteLength: number
  #closed = false

  constructor(database: Database, maxByteLength: number = Number.POSITIVE_INFINITY) {
    this.#database = database
    this.#sql = blobStatements(database.schema)
    this.#smallBlobs = new SmallBlobWriter(database, this.#sql)
    this.#rows = new BlobRowReader(database, this.#sql)
    this.#maxByteLength = maxByteLength
  }

  /** Whether a manifest that uses this database may write the content here in the statement that records its intent. */
  joins(database: Database, content: AttachmentContent): boolean {
    if (this.#closed || !this.#database.isSameAs(database)) return false
    const { bytes } = content
    return bytes !== undefined && bytes.byteLength <= Math.min(smallBytes, this.#maxByteLength)
  }

  /** What is left of a put whose first statement was somebody else's: nothing, unless it met a copy that is not whole or not yet seen. */
  async complete(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    result: InsertResult,
    options: AttachmentDriverOptions,
  ): Promise<void> {
    if (!isStored(meta, result)) await this.write(key, content, meta, options)
  }

  async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    const { bytes } = content
    if (bytes !== undefined && bytes.byteLength <= smallBytes) {
      if (await this.#insertSmall(key, meta, bytes, signal)) return
    }
    // Each round meets what another writer, or a delete, has done since the last.
    for (;;) {
      const present = await this.#isIntact(key, meta, signal)
      if (present === true) return
      if (
        present === false
          ? await this.#replace(key, content, meta, signal)
          : await this.#create(key, content, meta, signal)
      )
        return
    }
  }

  async #create(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { bytes } = content
    if (bytes !== undefined && bytes.byteLength <= smallBytes) return this.#insertSmall(key, meta, bytes, signal)
    if (bytes !== undefined && bytes.byteLength <= singleStatementBytes) {
      const values = [...headValues(key, meta), bytes]
      const { rowCount } = await this.#database.query(this.#sql.insertChunked, values, signal)
      return rowCount !== 0
    }
    return this.#database.transaction(signal, async session => {
      const { rowCount } = await session.query(this.#sql.insertHead, headValues(key, meta))
      if (rowCount === 0) return false
      await this.#copyIn(session, key, content, signal)
      return true
    })
  }

  async #insertSmall(
    key: AttachmentKey,
    meta: AttachmentMeta,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    return isStored(meta, await this.#smallBlobs.insert({ key, meta, bytes }, signal))
  }

  /** Puts the right bytes and metadata where wrong ones are. False when they are gone meanwhile. */
  #replace(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    signal?: AbortSignal,
  ): Promise<boolean> {
    return this.#database.transaction(signal, async session => {
      const { rowCount } = await session.query(this.#sql.lock, keyValues(key))
      if (rowCount === 0) return false
      await session.query(this.#sql.dropChunks, keyValues(key))
      await session.query(this.#sql.replaceHead, headValues(key, meta))
      await this.#copyIn(session, key, content, signal)
      return true
    })
  }

  #copyIn(session: Session, key: AttachmentKey, content: AttachmentContent, signal?: AbortSignal): Promise<void> {
    return session.submit(new CopyIn(this.#sql.copyChunksIn(), chunkRows(key, content, signal)))
  }

  /** Whether the copy is there as it should be; undefined when there is none. */
  async #isIntact(key: AttachmentKey, meta: AttachmentMeta, signal?: AbortSignal): Promise<boolean | undefined> {
    const row = await this.#stat(key, signal)
    return row === undefined ? undefined : isIntact(meta, row)
  }

  async read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    const { start, end, signal } = options
    for (;;) {
      const row = await this.#rows.read(key, signal)
      if (row === null) return undefined
      const meta = blobMeta(key.id, Number(row.byte_length), row)
      if (!row.in_row) return { meta, body: await this.#readChunks(key, meta, options) }
      const bytes = row.bytes ?? (await this.#copyBytes(key, signal))
      if (bytes !== undefined) return { meta, body: start === undefined ? bytes : bytes.slice(start, end) }
      // Deleted or put anew between the two statements: look again.
    }
  }

  async #copyBytes({ id, generation }: AttachmentKey, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    let bytes: Uint8Array | undefined
    await this.#database.submit(() => {
      bytes = undefined
      return new CopyOut(this.#sql.copyBytesOut(id, generation), ([value]) => {
        if (value != null) bytes = new Uint8Array(value)
      })
    }, signal)
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
    const row = await this.#stat(key, signal)
    return row === undefined ? undefined : blobMeta(key.id, Number(row.stored_length), row)
  }

  async #stat(key: AttachmentKey, signal?: AbortSignal): Promise<StatRow | undefined> {
    const { rows } = await this.#database.query<StatRow>(this.#sql.stat, keyValues(key), signal)
    return rows[0]
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
      const { rows } = await this.#database.query<{
        id: string
        generation: string
        byte_length: string
        stored_at: string
      }>(this.#sql.list, [...keyValues(after), lastId], signal)
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

function keyValues({ id, generation }: AttachmentKey): [string, number] {
  return [byteaOf(id), generation]
}

function headValues(key: AttachmentKey, meta: AttachmentMeta): unknown[] {
  return [...keyValues(key), meta.byteLength, ...metaColumns(meta)]
}

/** The content as rows of the chunk table. */
async function* chunkRows(
  key: AttachmentKey,
  content: AttachmentContent,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly CopyField[], void, void> {
  const id = Buffer.from(key.id, 'hex')
  const generation = int64(key.generation)
  let seq = 0
  for await (const chunk of blocksOf(content, chunkBytes, { signal })) yield [id, generation, int32(seq++), chunk]
}
