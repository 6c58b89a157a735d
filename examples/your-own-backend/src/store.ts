import type { DatabaseSync } from 'node:sqlite'
import {
  type AttachmentContent,
  type AttachmentDriver,
  type AttachmentDriverOptions,
  type AttachmentDriverReadOptions,
  type AttachmentKey,
  type AttachmentListing,
  type AttachmentMeta,
  PortableAttachmentStore,
  type PortableAttachmentStoreOptions,
} from '@lash/attachments-core'
import {
  decodeStoredMeta,
  encodeStoredMeta,
  parsePhysicalName,
  physicalName,
} from '@lash/attachments-core/backend'
import { connect, inTransaction, type OneFileOptions } from './connection.ts'

export type OneFileAttachmentStoreOptions = OneFileOptions & PortableAttachmentStoreOptions

/** Attachments in a table of one file. */
export class OneFileAttachmentStore extends PortableAttachmentStore {
  constructor(options: OneFileAttachmentStoreOptions) {
    super(new OneFileDriver(options), options)
  }
}

interface BlobSize {
  meta: string | null
  byteLength: number
}

interface BlobPart {
  meta: string | null
  /** Null: the part has no bytes. */
  body: Uint8Array | null
}

/** Each copy is one row, so that nobody sees half of it. */
class OneFileDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 'one-file'
  readonly persistence = 'durable'
  readonly #database: DatabaseSync

  constructor(options: OneFileOptions) {
    this.#database = connect(options)
  }

  async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    options: AttachmentDriverOptions,
  ) {
    if (this.#isWhole(key, content)) return
    const bytes = content.bytes ?? (await new Response(content.stream()).bytes())
    options.signal?.throwIfAborted()
    inTransaction(this.#database, () => {
      // Another writer may have come first, and then its metadata stay.
      if (this.#isWhole(key, content)) return
      this.#database
        .prepare('REPLACE INTO blobs (name, meta, bytes) VALUES (?, ?, ?)')
        .run(physicalName(key), encodeStoredMeta(meta), bytes)
    })
  }

  /** What is damaged is put again. */
  #isWhole(key: AttachmentKey, content: AttachmentContent): boolean {
    try {
      return this.#metaOf(key)?.byteLength === content.byteLength
    } catch {
      return false
    }
  }

  async read(
    key: AttachmentKey,
    { start = 0, end = Number.MAX_SAFE_INTEGER }: AttachmentDriverReadOptions,
  ) {
    const row = this.#database
      .prepare('SELECT meta, substr(bytes, ?, ?) AS body FROM blobs WHERE name = ?')
      .get(start + 1, end - start, physicalName(key)) as BlobPart | undefined
    if (row === undefined) return undefined
    // With the length that was put: nobody shall take what is left of a damaged blob for all of it.
    const meta = decodeStoredMeta(key, row.meta ?? undefined)
    return { meta, body: row.body ?? new Uint8Array(0) }
  }

  async stat(key: AttachmentKey) {
    return this.#metaOf(key)
  }

  /** With the length of the bytes as they are now. */
  #metaOf(key: AttachmentKey): AttachmentMeta | undefined {
    const row = this.#database
      .prepare('SELECT meta, length(bytes) AS byteLength FROM blobs WHERE name = ?')
      .get(physicalName(key)) as BlobSize | undefined
    return row && decodeStoredMeta(key, row.meta ?? undefined, row.byteLength)
  }

  async remove(keys: readonly AttachmentKey[]) {
    const statement = this.#database.prepare('DELETE FROM blobs WHERE name = ?')
    inTransaction(this.#database, () => {
      for (const key of keys) statement.run(physicalName(key))
    })
  }

  /** A page goes on after the last name of the one before. No statement is open between them. */
  async *list({ prefix }: { prefix: string }): AsyncGenerator<AttachmentListing> {
    const page = this.#database.prepare(`
      SELECT name, length(bytes) AS byteLength FROM blobs
      WHERE name > ? AND substr(name, 1, length(?)) = ? ORDER BY name LIMIT 1000`)
    let after = ''
    for (;;) {
      const rows = page.all(after, prefix, prefix) as { name: string; byteLength: number }[]
      for (const { name, byteLength } of rows) {
        const key = parsePhysicalName(name)
        if (key !== undefined) yield { ...key, byteLength }
        after = name
      }
      if (rows.length < 1000) return
    }
  }

  async close() {
    this.#database.close()
  }
}
