import {
  AttachmentCorruptError,
  type AttachmentKey,
  type AttachmentMeta,
  AttachmentNotFoundError,
} from '@lash/attachments-core'
import { type BlobStatements, chunkBytes } from './blob-statements.ts'
import { CopyOut } from './copy-protocol.ts'
import type { Database } from './database.ts'
import { byteaOf } from './statement.ts'

/** Chunks that one statement brings: what a stream holds in memory at a time, 2 MiB. */
const pageChunks = 8

/** Bytes up to which a body is read at once instead of as a stream. */
export const wholeBytes: number = pageChunks * chunkBytes

/**
 * Reads a range of a blob out of its chunks, a page at a time. No connection is held between two pages, so a slow reader costs the pool nothing.
 * Every chunk is checked for its length: a range has no digest that would tell.
 */
export class ChunkReader {
  readonly #database: Database
  readonly #sql: BlobStatements
  readonly #key: AttachmentKey
  readonly #byteLength: number
  readonly #end: number
  readonly #signal: AbortSignal | undefined
  #position: number

  /** @param range - within the blob; `start` at most `end`. */
  constructor(
    database: Database,
    sql: BlobStatements,
    key: AttachmentKey,
    meta: AttachmentMeta,
    range: { start: number; end: number },
    signal: AbortSignal | undefined,
  ) {
    this.#database = database
    this.#sql = sql
    this.#key = key
    this.#byteLength = meta.byteLength
    this.#position = range.start
    this.#end = range.end
    this.#signal = signal
  }

  /** The next bytes; none at the end. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#position >= this.#end) return undefined
    const first = Math.floor(this.#position / chunkBytes)
    const last = Math.min(Math.floor((this.#end - 1) / chunkBytes), first + pageChunks - 1)
    const until = Math.min(this.#end, (last + 1) * chunkBytes)
    const page = new Uint8Array(until - this.#position)
    let seq = first
    let damaged = false
    const { id, generation } = this.#key
    const copy = new CopyOut(this.#sql.copyChunksOut(id, generation, first, last), chunk => {
      const offset = seq * chunkBytes
      damaged ||= chunk.length !== Math.min(chunkBytes, this.#byteLength - offset)
      if (damaged) return
      const wanted = chunk.subarray(Math.max(0, this.#position - offset), Math.min(chunkBytes, until - offset))
      page.set(wanted, Math.max(offset, this.#position) - this.#position)
      seq++
    })
    await this.#database.submit(copy, this.#signal)
    if (damaged || seq <= last) throw await this.#missing()
    this.#position = until
    return page
  }

  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async controller => {
          const page = await this.next()
          if (page === undefined) controller.close()
          else controller.enqueue(page)
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** Chunks are missing because the blob was deleted meanwhile, or because it is damaged. */
  async #missing(): Promise<Error> {
    const { id, generation } = this.#key
    const { rowCount } = await this.#database.query(this.#sql.read, [byteaOf(id), generation], this.#signal)
    if (rowCount === 0) return new AttachmentNotFoundError(id)
    return new AttachmentCorruptError(
      id,
      `the stored bytes of ${id} are damaged: chunks are missing or have a wrong length; put the original again`,
    )
  }
}
