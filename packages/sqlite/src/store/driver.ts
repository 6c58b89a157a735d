import type {
  AttachmentContent,
  AttachmentCreateMeta,
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
import type { AttachmentDatabase } from '../database/database.ts'
import type { SmallBlob } from '../writing/operations.ts'
import { type CompressionRule, isCompressible } from './blob-profile.ts'
import { chunkStream } from './chunk-stream.ts'
import { writeChunks } from './chunk-upload.ts'
import { decode, encode, identity } from './compression.ts'

/** Content up to this many bytes is stored in one row, and written in one transaction. */
export const maxRowBytes: number = 1024 * 1024

export interface SqliteDriverOptions {
  rule: CompressionRule
  spool: AttachmentSpoolOptions | undefined
}

/** Attachment bytes in SQLite: one row, or several rows of chunks where they are big. */
export class SqliteAttachmentDriver implements AttachmentDriver {
  readonly specificationVersion = 1 as const
  readonly name = 'sqlite'
  readonly returnsBytes = true
  readonly persistence: 'durable' | 'ephemeral'
  readonly database: AttachmentDatabase
  readonly spool: AttachmentSpoolOptions | undefined
  readonly #rule: CompressionRule
  #cleaning: Promise<void> | undefined
  #closed = false

  /** @param database is held for as long as the driver is open: the driver releases it. */
  constructor(database: AttachmentDatabase, { rule, spool }: SqliteDriverOptions) {
    this.database = database
    this.persistence = database.path === ':memory:' ? 'ephemeral' : 'durable'
    this.spool = spool
    this.#rule = rule
  }

  get closed(): boolean {
    return this.#closed
  }

  async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    if (await this.#isThere(key, content)) return this.database.confirmDurable()
    if (content.bytes === undefined || content.byteLength > maxRowBytes) {
      await writeChunks(this.database, key, content, meta, { level: this.#levelFor(content, meta), signal })
      // Not part of the put: if it fails, the next one tries again.
      this.#clean().catch(() => {})
      return
    }
    const blob = await this.smallBlob(key, content.bytes, meta)
    signal?.throwIfAborted()
    await this.database.write('putBlob', { blob }, { bytes: blob.storedLength, signal })
  }

  /** A read is enough, and waits for no lock. */
  #isThere(key: AttachmentKey, { byteLength }: AttachmentContent): Promise<boolean> {
    return this.database.read('blobs', 'isWhole', key, byteLength)
  }

  /** A blob for one row, compressed where the rule says so. */
  async smallBlob(key: AttachmentKey, bytes: Uint8Array, meta: AttachmentCreateMeta): Promise<SmallBlob> {
    const encoding = encode(bytes, this.#levelFor(bytes, meta))
    const body = encoding instanceof Promise ? await encoding : encoding
    return { key, byteLength: bytes.byteLength, storedLength: body.bytes.byteLength, meta, body }
  }

  #levelFor({ byteLength }: { byteLength: number }, { mediaType }: AttachmentCreateMeta): number | undefined {
    return byteLength >= this.#rule.minimumBytes && isCompressible(mediaType) ? this.#rule.level : undefined
  }

  async read(
    key: AttachmentKey,
    { start, end, signal }: AttachmentDriverReadOptions,
  ): Promise<AttachmentDriverRead | undefined> {
    if (start !== undefined && end !== undefined) return this.#readRange(key, start, end, signal)
    const row = await this.database.read('blobs', 'read', key)
    if (row === undefined) return undefined
    const meta = blobMetaOf(key.id, row.byte_length, row)
    if (row.upload !== null) return { meta, body: chunkStream(this.database, key, row, 0, row.byte_length, signal) }
    const decoding = decode(key, row.bytes, row.encoding, row.byte_length)
    const body = decoding instanceof Promise ? await decoding : decoding
    signal?.throwIfAborted()
    return { meta, body }
  }

  async #readRange(
    key: AttachmentKey,
    start: number,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<AttachmentDriverRead | undefined> {
    const row = await this.database.read('blobs', 'find', key)
    if (row === undefined) return undefined
    const meta = blobMetaOf(key.id, row.byte_length, row)
    const from = Math.min(start, row.byte_length)
    const to = Math.min(end, row.byte_length)
    if (row.upload !== null) return { meta, body: chunkStream(this.database, key, row, from, to, signal) }
    if (row.encoding === identity) {
      const bytes = await this.database.read('blobs', 'slice', key, from, to)
      return bytes === undefined ? undefined : { meta, body: await decode(key, bytes, identity, to - from) }
    }
    const whole = await this.database.read('blobs', 'read', key)
    if (whole === undefined) return undefined
    const bytes = await decode(key, whole.bytes, whole.encoding, whole.byte_length)
    return { meta, body: bytes.slice(from, to) }
  }

  async stat(key: AttachmentKey): Promise<AttachmentMeta | undefined> {
    const found = await this.database.read('blobs', 'stat', key)
    return found === undefined ? undefined : blobMetaOf(key.id, found.byteLength, found.row)
  }

  async remove(keys: readonly AttachmentKey[], { signal }: AttachmentDriverOptions): Promise<void> {
    const chunksAreLeft = await this.database.write('removeBlobs', { keys }, { rows: 2 * keys.length, signal })
    if (chunksAreLeft) await this.#clean()
  }

  async *list({ prefix, signal }: AttachmentDriverOptions & { prefix: string }): AsyncGenerator<AttachmentListing> {
    let last: AttachmentListing | undefined
    for (;;) {
      signal?.throwIfAborted()
      const page: AttachmentListing[] = await this.database.read('blobs', 'listAfter', last, prefix)
      yield* page
      last = page.at(-1)
      if (last === undefined) return
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#cleaning?.catch(() => {})
    await this.database.release()
  }

  /** Deletes what uploads left behind, step by step, so that others can write in between. A close may interrupt it. */
  #clean(): Promise<void> {
    this.#cleaning ??= this.#cleanAll().finally(() => {
      this.#cleaning = undefined
    })
    return this.#cleaning
  }

  async #cleanAll(): Promise<void> {
    // About what a step frees, at least: enough to be done on the writer thread.
    const options = { bytes: maxRowBytes }
    let isMore = true
    while (isMore && !this.#closed) isMore = await this.database.write('cleanUploads', {}, options)
  }
}
