import { LoopYield } from '../calls/loop-yield.ts'
import { AttachmentTooLargeError } from '../errors.ts'
import { free } from '../reading/free.ts'
import { joined, slices } from './byte-stream.ts'
import { type ContentOptions, PreparedContent } from './content.ts'
import { copied } from './copy.ts'
import { incrementalDigest } from './digest.ts'
import { createSpoolFile, type SpoolFile } from './spool-file.ts'

const defaultMemoryLimit = 1024 * 1024
/** Chunks, however small, are gathered into blocks of up to this many bytes. The first block is small. */
const blockBytes = 256 * 1024
const firstBlockBytes = 1024

/** Shared by all sources, so that those that are never waited for leave the event loop its turns. */
export const sourceYield: LoopYield = new LoopYield()

/** Hashes the bytes of a source as they come, and holds them: in memory up to a limit, above it in a file. */
export class Gathering {
  readonly #options: ContentOptions
  readonly #digest = incrementalDigest()
  readonly #held: Uint8Array[] = []
  #block = new Uint8Array(0)
  #used = 0
  #byteLength = 0
  #file: SpoolFile | undefined

  constructor(options: ContentOptions) {
    this.#options = options
  }

  /**
   * Copies the chunk at once, before anything else. The copy is what is hashed and kept, whoever writes to the chunk.
   * @throws AttachmentTooLargeError, AttachmentInvalidArgumentError.
   */
  take(chunk: Uint8Array): Promise<void> | undefined {
    const { byteLength } = chunk
    const { maxByteLength } = this.#options
    if (this.#byteLength + byteLength > maxByteLength) throw new AttachmentTooLargeError(maxByteLength)
    const full = copied(() => this.#copy(chunk, byteLength))
    this.#byteLength += byteLength
    return full && this.#keep(full)
  }

  /** The content, when there are no more chunks. */
  async finish(): Promise<PreparedContent> {
    await this.#keep(this.#block, this.#used)
    const held = this.#file ?? copied(() => joined(this.#held, this.#byteLength))
    return new PreparedContent(this.#digest.digest('hex'), held, this.#byteLength)
  }

  /** Frees what is held after a failure. Never rejects, so that the first failure is the one that is reported. */
  async discard(): Promise<void> {
    await this.#file?.remove().catch(() => {})
  }

  /** Returns the block that the chunk has filled, if it has filled one. */
  #copy(chunk: Uint8Array, byteLength: number): Uint8Array | undefined {
    const block = this.#block
    const room = block.byteLength - this.#used
    if (byteLength <= room) {
      block.set(chunk, this.#used)
      this.#used += byteLength
      return undefined
    }
    const rest = byteLength - room
    const next = new Uint8Array(Math.max(rest, Math.min(blockBytes, Math.max(firstBlockBytes, this.#byteLength))))
    block.set(chunk.subarray(0, room), this.#used)
    next.set(chunk.subarray(room))
    this.#block = next
    this.#used = rest
    return block
  }

  async #keep(block: Uint8Array, used: number = block.byteLength): Promise<void> {
    const { spool } = this.#options
    if (this.#file === undefined && this.#byteLength > (spool?.memoryLimit ?? defaultMemoryLimit)) {
      // Read only here: a backend may look whether the folder is there.
      this.#file = await createSpoolFile(spool?.directory)
      for (const earlier of this.#held.splice(0)) {
        await this.#file.append(earlier)
        free(earlier)
      }
    }
    const bytes = block.subarray(0, used)
    for (const part of slices(bytes, blockBytes)) {
      while (sourceYield.beforeStep() !== undefined) await sourceYield.beforeStep()
      // Another thread writes it while this one hashes it.
      const appended = this.#file?.append(part)
      appended?.catch(() => {})
      this.#digest.update(part)
      await appended
    }
    if (this.#file !== undefined) free(block)
    else if (used > 0) this.#held.push(bytes)
  }
}
