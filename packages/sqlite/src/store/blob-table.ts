import type { AttachmentCreateMeta, AttachmentKey, AttachmentListing } from '@lash/attachments-core'
import { hasGoodMeta, type MetaColumns, metaColumns } from '@lash/attachments-core/backend'
import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/connection.ts'
import { idBytes, idOf } from '../database/id-bytes.ts'

/** The bytes of a blob: in its own row, or in the chunks of an upload. */
export type BlobBody = { encoding: number; bytes: Uint8Array } | { upload: number; chunkBytes: number }

export interface BlobToWrite {
  key: AttachmentKey
  byteLength: number
  /** The length of the encoded bytes. */
  storedLength: number
  meta: AttachmentCreateMeta
  body: BlobBody
}

/** A blob without its bytes. */
export interface BlobRow extends MetaColumns {
  number: number
  byte_length: number
  stored_length: number
  upload: number | null
  chunk_bytes: number | null
  encoding: number
}

interface MeasuredRow extends BlobRow {
  found_length: number
}

interface ListedRow {
  id: Buffer
  generation: number
  byte_length: number
  stored_at: number
}

/** The columns of a {@link BlobRow}. */
const columns = 'number, byte_length, stored_length, media_type, width, height, label, upload, chunk_bytes, encoding'

/** How many rows one step of a listing reads, at most: other calls run in between. */
const listPageRows = 500

/** Blobs. Statements on one connection; those that write belong in a transaction. */
export class BlobTable {
  readonly #find: Statement
  readonly #read: Statement
  readonly #measure: Statement
  readonly #slice: Statement
  readonly #insert: Statement
  readonly #delete: Statement
  readonly #abandon: Statement
  readonly #list: Statement

  constructor(database: Database) {
    this.#find = prepare(
      database,
      `
      SELECT ${columns}
      FROM lash_attachment_blobs WHERE id = ? AND generation = ?`,
    )
    this.#read = prepare(
      database,
      `
      SELECT ${columns},
        coalesce(bytes, x'') AS bytes
      FROM lash_attachment_blobs WHERE id = ? AND generation = ?`,
    )
    this.#measure = prepare(
      database,
      `
      SELECT ${columns},
        CASE WHEN upload IS NULL THEN coalesce(length(bytes), 0) ELSE (
          SELECT coalesce(sum(length(chunks.bytes)), 0) FROM lash_attachment_chunks AS chunks
          WHERE chunks.upload = lash_attachment_blobs.upload
        ) END AS found_length
      FROM lash_attachment_blobs WHERE id = ? AND generation = ?`,
    )
    // By key, not by number: by now the number may be another blob's, and a range has no digest that would tell.
    this.#slice = prepare(
      database,
      `
        SELECT coalesce(substr(bytes, ?, ?), x'') FROM lash_attachment_blobs
        WHERE id = ? AND generation = ? AND upload IS NULL AND encoding = 0`,
    ).pluck()
    this.#insert = prepare(
      database,
      `
      INSERT INTO lash_attachment_blobs
        (id, generation, byte_length, stored_length, stored_at, media_type, width, height, label,
         upload, chunk_bytes, encoding, bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id, generation) DO NOTHING`,
    )
    this.#delete = prepare(database, 'DELETE FROM lash_attachment_blobs WHERE number = ?')
    this.#abandon = prepare(database, 'INSERT INTO lash_attachment_uploads (number, touched_at) VALUES (?, 0)')
    this.#list = prepare(
      database,
      `
      SELECT id, generation, byte_length, stored_at FROM lash_attachment_blobs
      WHERE (id, generation) > (?, ?) AND id <= ? ORDER BY id, generation LIMIT ${listPageRows}`,
    )
  }

  find(key: AttachmentKey): BlobRow | undefined {
    return this.#find.get(idBytes(key.id), key.generation) as BlobRow | undefined
  }

  /** A blob with the encoded bytes of its row: none when they are in chunks. */
  read(key: AttachmentKey): (BlobRow & { bytes: Uint8Array }) | undefined {
    return this.#read.get(idBytes(key.id), key.generation) as (BlobRow & { bytes: Uint8Array }) | undefined
  }

  /** A part of bytes that stand in their row as they were put; undefined when they no longer do. */
  slice(key: AttachmentKey, start: number, end: number): Uint8Array | undefined {
    return this.#slice.get(start + 1, Math.max(0, end - start), idBytes(key.id), key.generation) as
      | Uint8Array
      | undefined
  }

  /** The blob, and the length that its bytes really have. */
  stat(key: AttachmentKey): { row: BlobRow; byteLength: number } | undefined {
    const row = this.#measured(key)
    if (row === undefined) return undefined
    return { row, byteLength: row.found_length === row.stored_length ? row.byte_length : row.found_length }
  }

  /** Whether the key holds exactly so many bytes, and metadata that can be read: then it needs no writing. */
  isWhole(key: AttachmentKey, byteLength: number): boolean {
    const row = this.#measured(key)
    return row !== undefined && isIntact(row, byteLength)
  }

  /** Makes the key hold the blob. Returns false, and writes nothing, when it does already. */
  write(blob: BlobToWrite, now: number): boolean {
    if (this.#insertRow(blob, now)) return true
    const present = this.#measured(blob.key) as MeasuredRow
    if (isIntact(present, blob.byteLength)) return false
    this.#deleteRow(present)
    return this.#insertRow(blob, now)
  }

  /** Returns false when the key is there already. */
  #insertRow({ key, byteLength, storedLength, meta, body }: BlobToWrite, now: number): boolean {
    const inRow = 'bytes' in body
    const { changes } = this.#insert.run(
      idBytes(key.id),
      key.generation,
      byteLength,
      storedLength,
      now,
      ...metaColumns(meta),
      inRow ? null : body.upload,
      inRow ? null : body.chunkBytes,
      inRow ? body.encoding : 0,
      inRow ? body.bytes : null,
    )
    return changes > 0
  }

  /** Deletes blobs. Their chunks become uploads to be deleted; returns whether there are any. */
  remove(keys: readonly AttachmentKey[]): boolean {
    let left = false
    for (const key of keys) {
      const row = this.find(key)
      if (row === undefined) continue
      this.#deleteRow(row)
      left ||= row.upload !== null
    }
    return left
  }

  #deleteRow(row: BlobRow): void {
    this.#delete.run(row.number)
    if (row.upload !== null) this.#abandon.run(row.upload)
  }

  #measured(key: AttachmentKey): MeasuredRow | undefined {
    return this.#measure.get(idBytes(key.id), key.generation) as MeasuredRow | undefined
  }

  /** The next page of a listing, in the order of keys. */
  listAfter(after: AttachmentKey | undefined, prefix: string): AttachmentListing[] {
    const first = after === undefined ? idBytes(prefix.padEnd(64, '0')) : idBytes(after.id)
    const rows = this.#list.all(first, after?.generation ?? -1, idBytes(prefix.padEnd(64, 'f'))) as ListedRow[]
    return rows.map(row => ({
      id: idOf(row.id),
      generation: row.generation,
      byteLength: row.byte_length,
      lastModifiedMs: row.stored_at,
    }))
  }
}

function isIntact(row: MeasuredRow, byteLength: number): boolean {
  return row.byte_length === byteLength && row.found_length === row.stored_length && hasGoodMeta(row)
}
