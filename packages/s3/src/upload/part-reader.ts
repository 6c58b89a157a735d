import type { AttachmentContent } from '@lash/attachments-core'
import { ContentReader } from '@lash/attachments-core/backend'
import type { BufferPool } from './buffer-pool.ts'

/** Gives the parts of a body in order, each once. */
export class PartReader {
  readonly count: number
  readonly #content: AttachmentContent
  readonly #buffers: BufferPool
  readonly #partBytes: number
  readonly #reader: ContentReader | undefined
  #next = 0

  constructor(content: AttachmentContent, buffers: BufferPool, partBytes: number) {
    this.count = Math.ceil(content.byteLength / partBytes)
    this.#content = content
    this.#buffers = buffers
    this.#partBytes = partBytes
    this.#reader = content.bytes === undefined ? new ContentReader(content) : undefined
  }

  /**
   * Calls `send` with the next part, whose bytes are valid until `send` has settled. Call it `count` times.
   * @throws `signal.reason` when it aborts before there is a buffer for the part.
   */
  async next(signal: AbortSignal, send: (index: number, bytes: Uint8Array) => Promise<void>): Promise<void> {
    const { bytes: held, byteLength } = this.#content
    if (held !== undefined) {
      const index = this.#next++
      return send(index, held.subarray(index * this.#partBytes, (index + 1) * this.#partBytes))
    }
    await this.#buffers.use(this.#partBytes, signal, async buffer => {
      // Counted only now: parts are read in the order in which they get their buffers.
      const index = this.#next++
      const bytes = buffer.subarray(0, Math.min(this.#partBytes, byteLength - index * this.#partBytes))
      await this.#reader?.fill(bytes)
      await send(index, bytes)
    })
  }

  /** Releases the content. */
  async close(): Promise<void> {
    await this.#reader?.close()
  }
}
