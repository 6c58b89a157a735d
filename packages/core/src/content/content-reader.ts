import { AttachmentBackendError } from '../errors.ts'
import { free } from '../reading/free.ts'
import { slices } from './byte-stream.ts'
import type { AttachmentContent } from './content.ts'

/** Reads content from its start into buffers of any size, whatever the sizes of the chunks of its stream. */
export class ContentReader {
  readonly #content: AttachmentContent
  readonly #signal: AbortSignal | undefined
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  /** What is left of the chunk. */
  #rest: Uint8Array = this.#chunk
  #filling: Promise<void> = Promise.resolve()

  constructor(content: AttachmentContent, signal?: AbortSignal) {
    this.#content = content
    this.#signal = signal
    this.#reader = content.stream().getReader()
  }

  /**
   * Fills the buffer with the next bytes. Concurrent calls get their bytes in the order of the calls.
   * @throws AttachmentBackendError when the content ends before the buffer is full; `signal.reason`.
   */
  fill(buffer: Uint8Array): Promise<void> {
    this.#filling = this.#filling.then(() => this.#fill(buffer))
    return this.#filling
  }

  async #fill(buffer: Uint8Array): Promise<void> {
    for (let filled = 0; filled < buffer.byteLength; ) {
      if (this.#rest.byteLength === 0) this.#chunk = this.#rest = await this.#next()
      const piece = this.#rest.subarray(0, buffer.byteLength - filled)
      buffer.set(piece, filled)
      filled += piece.byteLength
      this.#rest = this.#rest.subarray(piece.byteLength)
      if (this.#rest.byteLength === 0) free(this.#chunk)
    }
  }

  async #next(): Promise<Uint8Array> {
    this.#signal?.throwIfAborted()
    const { done, value } = await this.#reader.read()
    if (!done) return value
    const { id, byteLength } = this.#content
    throw new AttachmentBackendError(
      `the spool file of ${id} is shorter than the ${byteLength} bytes that were written to it; look for a full disk`,
    )
  }

  /** Ends the reading. Never rejects. */
  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {})
  }
}

/** Reads all of the content into a buffer of the content's length. Throws as {@link ContentReader.fill} does. */
export async function readInto(buffer: Uint8Array, content: AttachmentContent, signal?: AbortSignal): Promise<void> {
  const reader = new ContentReader(content, signal)
  try {
    await reader.fill(buffer)
  } finally {
    await reader.close()
  }
}

export interface BlockOptions {
  readonly signal?: AbortSignal | undefined
  /**
   * Read every block into the same memory, so that a block is valid only until the next is asked for. If each block of
   * a big stream has memory of its own, garbage grows faster than it is collected. Default false.
   */
  readonly reuse?: boolean | undefined
}

/**
 * The content in blocks of one size; only the last may be shorter. Blocks of content in memory are views of its bytes.
 * Throws as {@link ContentReader.fill} does.
 */
export async function* blocksOf(
  content: AttachmentContent,
  blockBytes: number,
  { signal, reuse = false }: BlockOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  if (content.bytes !== undefined) {
    for (const block of slices(content.bytes, blockBytes)) {
      signal?.throwIfAborted()
      yield block
    }
    return
  }
  const reader = new ContentReader(content, signal)
  try {
    let memory: Uint8Array | undefined
    for (let left = content.byteLength; left > 0; left -= blockBytes) {
      if (!reuse || memory === undefined) memory = new Uint8Array(Math.min(blockBytes, left))
      const block = memory.subarray(0, left)
      await reader.fill(block)
      yield block
    }
  } finally {
    await reader.close()
  }
}
