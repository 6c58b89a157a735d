import type { AttachmentContent } from '@lash/attachments-core'
import { ContentReader } from '@lash/attachments-core/backend'
import type { PartMemory } from './part-memory.ts'

/** Gives the parts of a body in order, each once, to whoever asks first. */
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
   * Calls with the next part, whose bytes are valid until `send` is done. False when there was none left.
   * @throws `signal.reason` when it aborts before there is memory for the part.
   */
  async take(signal: AbortSignal, send: (index: number, bytes: Uint8Array) => Promise<void>): Promise<boolean> {
    const { bytes: held } = this.#content
    if (held !== undefined) {
      const index = this.#next++
      if (index >= this.count) return false
      await send(index, held.subarray(index * this.#partBytes, (index + 1) * this.#partBytes))
      return true
    }
    if (this.#next >= this.count) return false
    return this.#memory.use(this.#partBytes, signal, async buffer => {
      const index = this.#next++
      if (index >= this.count) return false
      const bytes = buffer.subarray(0, Math.min(this.#partBytes, this.#content.byteLength - index * this.#partBytes))
      await this.#reader?.fill(bytes)
      await send(index, bytes)
      return true
    })
  }

  /** Lets the content go. */
  async close(): Promise<void> {
    await this.#reader?.close()
  }
}
