import { AttachmentBackendError, type AttachmentContent } from '@lash/attachments-core'

/**
 * Reads content that is not in memory from its start, piece by piece, into buffers. Reads that are asked for at the same time
 * are done one after the other.
 */
export class ContentReader {
  readonly #content: AttachmentContent
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(content: AttachmentContent) {
    this.#content = content
    this.#reader = content.stream().getReader()
  }

  /** @throws AttachmentBackendError when the content ends before the buffer is full, or goes on after its end. */
  async fill(buffer: Uint8Array): Promise<void> {
    let filled = 0
    while (filled < buffer.byteLength) {
      if (this.#rest.byteLength === 0) this.#rest = await this.#next()
      const piece = this.#rest.subarray(0, buffer.byteLength - filled)
      buffer.set(piece, filled)
      filled += piece.byteLength
      this.#rest = this.#rest.subarray(piece.byteLength)
    }
  }

  async #next(): Promise<Uint8Array> {
    const { done, value } = await this.#reader.read()
    if (!done) return value
    throw new AttachmentBackendError(
      `the spool file of ${this.#content.id} is shorter than the ${this.#content.byteLength} bytes that were written to it; look for a full disk`,
    )
  }

  /** Lets the content go. Never rejects. */
  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {})
  }
}
