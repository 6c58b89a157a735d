import {
  AttachmentCorruptError,
  type AttachmentKey,
  type AttachmentMeta,
  AttachmentNotFoundError,
} from '@lash/attachments-core'
import type { Database } from '../database/database.ts'
import type { CopyValue } from '../protocol/protocol.ts'
import { type BlobStatements, chunkBytes, keyValues } from './blob-statements.ts'

/** Chunks that one statement reads, 2 MiB: what a stream holds in memory at a time. */
const pageChunks = 8

/**
 * Reads a range of a blob out of its chunks, a page at a time. Between two pages it holds no connection, so a slow
 * reader costs the pool nothing. It checks the length of every chunk, since a range has no digest that would show
 * damage.
 */
export class ChunkReader {
  readonly #database: Database
  readonly #sql: BlobStatements
  readonly #key: AttachmentKey
  readonly #byteLength: number
  readonly #end: number
  readonly #signal: AbortSignal | undefined
  #position: number

  /** @param range - lies within the blob, with `start` at most `end`. */
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

  /** The range as bytes when one statement reads it, otherwise as a stream. */
  async body(): Promise<Uint8Array | ReadableStream<Uint8Array>> {
    const byteLength = this.#end - this.#position
    if (byteLength <= 0) return new Uint8Array()
    const start = this.#position
    const chunks = Math.ceil(this.#end / chunkBytes) - Math.floor(start / chunkBytes)
    if (chunks > pageChunks) return this.#stream()
    const bytes = new Uint8Array(byteLength)
    await this.#page((part, position) => {
      bytes.set(part, position - start)
      return true
    })
    return bytes
  }

  /**
   * The next chunks. None at the end.
   * @param copied - makes something of each, whose part is in a buffer of the connection. After an error, all of them
   * may come again.
   */
  async #page<T extends {}>(copied: (part: Uint8Array, position: number) => T): Promise<T[]> {
    if (this.#position >= this.#end) return []
    const first = Math.floor(this.#position / chunkBytes)
    const last = Math.min(Math.floor((this.#end - 1) / chunkBytes), first + pageChunks - 1)
    const text = this.#sql.copyChunksOut(this.#key, first, last)
    const read = ([chunk]: readonly CopyValue[], index: number) => {
      const offset = (first + index) * chunkBytes
      if (chunk?.length !== Math.min(chunkBytes, this.#byteLength - offset)) return undefined
      const start = Math.max(0, this.#position - offset)
      return copied(chunk.subarray(start, this.#end - offset), offset + start)
    }
    const parts = await this.#database.copyOut(text, read, this.#signal)
    const page = parts.filter(part => part !== undefined)
    if (page.length !== last - first + 1) throw await this.#missing()
    this.#position = (last + 1) * chunkBytes
    return page
  }

  #stream(): ReadableStream<Uint8Array> {
    let page: Uint8Array[] = []
    return new ReadableStream<Uint8Array>(
      {
        pull: async controller => {
          if (page.length === 0) page = await this.#page(part => new Uint8Array(part))
          const chunk = page.shift()
          if (chunk === undefined) controller.close()
          else controller.enqueue(chunk)
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** The error for missing chunks: the blob was deleted meanwhile, or it is damaged. */
  async #missing(): Promise<Error> {
    const { id } = this.#key
    const { rowCount } = await this.#database.query(this.#sql.read, keyValues(this.#key), this.#signal)
    if (rowCount === 0) return new AttachmentNotFoundError(id)
    return new AttachmentCorruptError(
      id,
      `the stored bytes of ${id} are damaged: chunks are missing or have a wrong length; put the original again`,
    )
  }
}
