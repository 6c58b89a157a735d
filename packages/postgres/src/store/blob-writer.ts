import type { AttachmentContent, AttachmentKey, AttachmentMeta } from '@lash/attachments-core'
import { blocksOf, metaColumns } from '@lash/attachments-core/backend'
import type { Database, Session } from '../database/database.ts'
import { type CopyField, int32, int64 } from '../protocol/protocol.ts'
import { isIntact, isStored } from './blob-row.ts'
import type { BlobRowReader } from './blob-row-reader.ts'
import { type BlobStatements, chunkBytes, keyValues } from './blob-statements.ts'
import { maxSharedBytes, SmallBlobWriter } from './small-blob-writer.ts'

/** Largest body that is in the row of its blob. */
const maxSmallBytes = 64 * 1024
/** Largest body that one statement carries. A bigger one goes by COPY. */
const maxStatementBytes = 4 * 1024 * 1024

/** The bytes of a body that goes into the row of its blob; undefined for any other body. */
export function smallBytesOf({ bytes }: AttachmentContent): Uint8Array | undefined {
  return bytes !== undefined && bytes.byteLength <= maxSmallBytes ? bytes : undefined
}

/** A blob to write. */
export interface BlobWrite {
  readonly key: AttachmentKey
  readonly content: AttachmentContent
  readonly meta: AttachmentMeta
  readonly signal: AbortSignal | undefined
}

/** Writes blobs that are not stored yet, or are stored damaged. Each write is one transaction. */
export class BlobWriter {
  readonly #database: Database
  readonly #sql: BlobStatements
  readonly #rows: BlobRowReader
  readonly #smallBlobs: SmallBlobWriter
  /** Whether the last body that was sent in a statement of its own was there already. */
  #wasThere = false

  constructor(database: Database, sql: BlobStatements, rows: BlobRowReader) {
    this.#database = database
    this.#sql = sql
    this.#rows = rows
    this.#smallBlobs = new SmallBlobWriter(database, sql)
  }

  async write(blob: BlobWrite): Promise<void> {
    const small = smallBytesOf(blob.content)
    if (small !== undefined && !this.#isExpected(small) && (await this.#insertSmall(blob, small))) return
    // Another writer, or a delete, may come between two statements; the next round meets what it has done.
    for (;;) {
      const row = await this.#rows.stat(blob.key, blob.signal)
      if (row !== undefined && isIntact(blob.meta, row)) return
      if (row === undefined ? await this.#create(blob) : await this.#replace(blob)) return
    }
  }

  /** Whether to ask for the blob before its bytes are sent: those that are put again seldom come alone. */
  #isExpected({ byteLength }: Uint8Array): boolean {
    return byteLength > maxSharedBytes && this.#wasThere
  }

  async #insertSmall({ key, meta, signal }: BlobWrite, bytes: Uint8Array): Promise<boolean> {
    const result = await this.#smallBlobs.insert({ key, meta, bytes }, signal)
    if (bytes.byteLength > maxSharedBytes) this.#wasThere = !result.inserted
    return isStored(meta, result)
  }

  /** False when another writer came first. */
  async #create(blob: BlobWrite): Promise<boolean> {
    const { bytes } = blob.content
    const small = smallBytesOf(blob.content)
    if (small !== undefined) return this.#insertSmall(blob, small)
    if (bytes !== undefined && bytes.byteLength <= maxStatementBytes) {
      const values = [...headValues(blob), bytes]
      const { rowCount } = await this.#database.query(this.#sql.insertChunked, values, blob.signal)
      return rowCount !== 0
    }
    return this.#database.transaction(blob.signal, async session => {
      const { rowCount } = await session.query(this.#sql.insertHead, headValues(blob))
      if (rowCount === 0) return false
      await this.#copyIn(session, blob)
      return true
    })
  }

  /** Replaces damaged bytes or metadata. False when the blob was deleted meanwhile. */
  #replace(blob: BlobWrite): Promise<boolean> {
    return this.#database.transaction(blob.signal, async session => {
      const { rowCount } = await session.query(this.#sql.lock, keyValues(blob.key))
      if (rowCount === 0) return false
      await session.query(this.#sql.dropChunks, keyValues(blob.key))
      await session.query(this.#sql.replaceHead, headValues(blob))
      await this.#copyIn(session, blob)
      return true
    })
  }

  #copyIn(session: Session, blob: BlobWrite): Promise<void> {
    return session.copyIn(this.#sql.copyChunksIn(), chunkRows(blob))
  }
}

function headValues({ key, meta }: BlobWrite): unknown[] {
  return [...keyValues(key), meta.byteLength, ...metaColumns(meta)]
}

/** The content as rows of the chunk table. */
async function* chunkRows({ key, content, signal }: BlobWrite): AsyncGenerator<readonly CopyField[], void, void> {
  const id = Buffer.from(key.id, 'hex')
  const generation = int64(key.generation)
  let seq = 0
  for await (const chunk of blocksOf(content, chunkBytes, { signal })) yield [id, generation, int32(seq++), chunk]
}
