import { AttachmentBackendError, AttachmentStoreError } from '@lash/attachments-core'
import { abortable, joined, withoutUrlCredentials } from '@lash/attachments-core/backend'

/** Some adapters give a whole object as one chunk. Its reader gets pieces, between which an abort can be heard. */
const chunkBytes = 64 * 1024

/** Reads the bytes of an object in order: first a number of them together, then the rest as a stream. */
export class ObjectReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #storeName: string
  /** What was read and not yet given. */
  #rest: Uint8Array | undefined

  constructor(body: ReadableStream<Uint8Array>, storeName: string) {
    this.#reader = body.getReader()
    this.#storeName = storeName
  }

  /** Reads the first chunk ahead, so that what fails to open fails here. */
  async begin(signal: AbortSignal | undefined): Promise<void> {
    this.#rest = await abortable(this.#next(), signal)
  }

  /** The next `count` bytes, or fewer where the object ends. */
  async take(count: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let length = 0
    while (length < count) {
      const chunk = await abortable(this.#next(), signal)
      if (chunk === undefined) break
      const piece = chunk.subarray(0, count - length)
      this.#rest = chunk.subarray(piece.byteLength)
      pieces.push(piece)
      length += piece.byteLength
    }
    return joined(pieces, length)
  }

  /** The bytes that come after the next `skip`, up to `limit` of them. To cancel the stream cancels the download. */
  stream(skip: number, limit: number): ReadableStream<Uint8Array> {
    let toSkip = skip
    let left = limit
    return new ReadableStream<Uint8Array>(
      {
        pull: async controller => {
          for (;;) {
            const chunk = left > 0 ? await this.#next() : undefined
            if (chunk === undefined) {
              controller.close()
              return this.cancel()
            }
            const skipped = Math.min(toSkip, chunk.byteLength)
            toSkip -= skipped
            const wanted = chunk.subarray(skipped, skipped + Math.min(left, chunkBytes))
            this.#rest = chunk.subarray(skipped + wanted.byteLength)
            if (wanted.byteLength === 0) continue
            left -= wanted.byteLength
            // No Buffer, whose `slice` does not copy. The store gives the chunk memory of its own.
            controller.enqueue(new Uint8Array(wanted.buffer, wanted.byteOffset, wanted.byteLength))
            return
          }
        },
        cancel: () => this.cancel(),
      },
      { highWaterMark: 0 },
    )
  }

  /** Ends the download. Never rejects. */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {})
  }

  async #next(): Promise<Uint8Array | undefined> {
    const rest = this.#rest
    this.#rest = undefined
    if (rest !== undefined && rest.byteLength > 0) return rest
    try {
      return (await this.#reader.read()).value
    } catch (cause) {
      if (AttachmentStoreError.isInstance(cause)) throw cause
      const why = withoutUrlCredentials(String(cause))
      throw new AttachmentBackendError(`a download broke off in the ${this.#storeName} store: ${why}`, { cause })
    }
  }
}
