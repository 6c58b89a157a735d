import { streamOf } from './byte-stream.ts'
import type { AttachmentId } from './id.ts'
import type { AttachmentSpoolOptions, SpoolFile } from './spool-file.ts'

/**
 * What can be put. An array is copied before the first await, a chunk of a source before the next chunk is asked for.
 * Changing either afterwards harms nothing, even where other threads share the memory. A stream or an iterable is read
 * once. It is cancelled when the put fails for any reason, or when the store is closed. A Node `Readable` without an
 * encoding is an `AsyncIterable<Uint8Array>`.
 *
 * An array is in memory twice while it is put. For bytes too big for that, give a stream, or the `Blob` of a file.
 */
export type AttachmentBody =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | AttachmentContent

/**
 * A body that has been read and hashed, and is held in memory or in a spool file. Dispose of it when it has been put.
 */
export interface AttachmentContent extends AsyncDisposable {
  readonly id: AttachmentId
  readonly byteLength: number
  /**
   * The bytes, if they are held in memory. In content from `prepare` they are a copy, made when it is first asked for.
   * A driver gets the bytes themselves; it may keep them, and must never change them.
   */
  readonly bytes?: Uint8Array | undefined
  /** The spool file, if there is one with a name. Never change, rename or delete it. */
  readonly path?: string | undefined
  /** The bytes from the start. May be called often, also concurrently, until the content is disposed of. */
  stream(): ReadableStream<Uint8Array>
}

/** Content that this package made. Its id can be trusted to be that of its bytes. */
export class PreparedContent implements AttachmentContent {
  declare readonly id: AttachmentId
  declare readonly byteLength: number
  readonly #held: Uint8Array | SpoolFile
  /** In a caller's view of content: the content. The caller may change the bytes that it sees, so they are a copy. */
  readonly #viewOf: PreparedContent | undefined
  #copy: Uint8Array | undefined

  /** From here on, nobody may change the bytes that are given. */
  constructor(id: AttachmentId, held: Uint8Array | SpoolFile, byteLength: number, viewOf?: PreparedContent) {
    this.id = id
    this.byteLength = byteLength
    this.#held = held
    this.#viewOf = viewOf
  }

  /** The content that stores write. Undefined for a body that this package did not make, whatever it looks like. */
  static of(body: unknown): PreparedContent | undefined {
    return body instanceof Object && #held in body ? (body.#viewOf ?? body) : undefined
  }

  /** For the caller of `prepare`. */
  callerView(): AttachmentContent {
    return new PreparedContent(this.id, this.#held, this.byteLength, this)
  }

  get path(): string | undefined {
    return (this.#held as SpoolFile).path
  }

  get bytes(): Uint8Array | undefined {
    const held = this.#held
    if (!(held instanceof Uint8Array)) return undefined
    if (this.#viewOf === undefined) return held
    this.#copy ??= new Uint8Array(held)
    return this.#copy
  }

  stream(): ReadableStream<Uint8Array> {
    const held = this.#held
    return held instanceof Uint8Array ? streamOf(held) : held.stream(this.byteLength)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const held = this.#held
    if (!(held instanceof Uint8Array)) await held.remove()
  }
}

/**
 * Whether core made the content and nobody but stores has its bytes. Then its id is that of its bytes. A manifest whose
 * `recordIntentAndPut` writes content must ask this; a driver need not.
 */
export function isPreparedContent(content: unknown): content is AttachmentContent {
  return PreparedContent.of(content) === content
}

export interface ContentOptions {
  maxByteLength: number
  spool?: AttachmentSpoolOptions | undefined
}
