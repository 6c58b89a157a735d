import type { AttachmentContent } from '@lash/attachments-core'
import { ContentReader } from '@lash/attachments-core/backend'
import type { PartMemory } from './part-memory.ts'

/** Gives the parts of a body in order, each once. */
export class PartSource {
  readonly count: number
  readonly #content: AttachmentContent
  readonly #memory: PartMemory
  readonly #partBytes: number
  readonly #reader: ContentReader | undefined
  #next = 0

  constructor(content: AttachmentContent, memory: PartMemory, partBytes: number) {
    this.count = Math.ceil(content.byteLength / partBytes)
    this.#content = content
    this.#memory = memory
    this.#partBytes = partBytes
    this.#reader = content.bytes === undefined ? new ContentReader(content) : undefined
  }

  /**
   * Calls with the next part, whose bytes are valid until `send` is done. To be called `count` times.
   * @throws `signal.reason` when it aborts before there is memory for the part.
   */
  async next(signal: AbortSignal, send: (index: number, bytes: Uint8Array) => Promise<void>): Promise<void> {
    const { bytes: held } = this.#content
    if (held !== undefined) {
      const index = this.#next++
      return send(index, held.subarray(index * this.#partBytes, (index + 1) * this.#partBytes))
    }
    await this.#memory.use(this.#partBytes, signal, async buffer => {
      // Only now: parts are read in the order in which there is memory for them.
      const index = this.#next++
      const bytes = buffer.subarray(0, Math.min(this.#partBytes, this.#content.byteLength - index * this.#partBytes))
      await this.#reader?.fill(bytes)
      await send(index, bytes)
    })
  }

  /** Lets the content go. */
  async close(): Promise<void> {
    await this.#reader?.close()
  }
}
