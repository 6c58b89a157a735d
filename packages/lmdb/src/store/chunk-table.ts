import { slices } from '@lash/attachments-core/backend'
import type { LmdbEnvironment } from '../environment/environment.ts'

/**
 * LMDB keeps a value in pages that lie side by side, and copies all of it to read any of it. So bytes are cut: a stream
 * takes this much memory, and free space can be used again.
 */
const chunkBytes = 256 * 1024

/** The bytes of blobs, by the names of these. What changes them belongs in a transaction. */
export class ChunkTable {
  readonly #chunks: LmdbEnvironment['chunks']

  constructor({ chunks }: LmdbEnvironment) {
    this.#chunks = chunks
  }

  put(name: string, bytes: Uint8Array): void {
    let number = 0
    for (const chunk of slices(bytes, chunkBytes)) this.#chunks.put([name, number++], chunk)
  }

  remove(name: string): void {
    for (const key of [...this.#chunks.getKeys(rangeOf(name))]) this.#chunks.remove(key)
  }

  /** How many bytes there are now. */
  byteLengthOf(name: string): number {
    const last = this.#chunks.getKeysCount(rangeOf(name)) - 1
    return last < 0 ? 0 : last * chunkBytes + (this.#chunks.getBinaryFast([name, last])?.length ?? 0)
  }

  /** The bytes from a position to the end of their chunk, or to `end`. Undefined when the chunk is not there. */
  read(name: string, position: number, end: number): Uint8Array | undefined {
    const skipped = position % chunkBytes
    const chunk = this.#chunks.get([name, (position - skipped) / chunkBytes])
    if (chunk === undefined) return undefined
    // Not `subarray`: LMDB gives Buffers, whose methods are others.
    const { buffer, byteOffset, byteLength } = chunk
    const to = Math.min(byteLength, end - position + skipped)
    return new Uint8Array(buffer, byteOffset + Math.min(skipped, to), Math.max(0, to - skipped))
  }
}

function rangeOf(name: string): { start: [string, number]; end: [string, number] } {
  return { start: [name, 0], end: [name, Number.MAX_SAFE_INTEGER] }
}
