import { streamOf } from './byte-stream.ts'
import type { AttachmentId } from './id.ts'
import type { AttachmentSpoolOptions, SpoolFile } from './spool-file.ts'

/**
 * What can be put. Arrays are copied before the first await, and chunks of a source before the next one is asked for: changing them
 * afterwards harms nothing, also where other threads share their memory. A stream or an iterable is read once, and cancelled when the put
 * fails for any reason, or the store is closed. A Node `Readable` without an encoding is an `AsyncIterable<Uint8Array>`.
 *
 * An array is held in memory, twice while it is put: of what is bigger than that allows, give a stream or a `Blob` of a file.
 */
export type AttachmentBody =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | AttachmentContent

/** A body that was read once: hashed, and held in memory or in a spool file. Dispose of it when it has been put. */
export interface AttachmentContent extends AsyncDisposable {
  readonly id: AttachmentId
  readonly byteLength: number
  /**
   * The bytes, where they are held in memory. From `prepare`: a copy, made when it is first asked for. A driver gets them as they are,
   * may keep them, and must never change them.
   */
  readonly bytes?: Uint8Array | undefined
  /** The spool file, where there is one with a name. Never change, rename or delete it. */
  readonly path?: string
  /** The bytes from the start; as often as wanted, also at the same time, until disposed of. */
  stream(): ReadableStream<Uint8Array>
}

/** Content that this package made, and so may be trusted to have the id that it says. */
export class PreparedContent implements AttachmentContent {
  readonly id: AttachmentId
  readonly byteLength: number
  declare readonly path?: string
  readonly #held: Uint8Array | SpoolFile
  /** In the hands of a caller, who may do to its bytes whatever it likes: what it was lent from. */
  readonly #lentFrom: PreparedContent | undefined
  #copy: Uint8Array | undefined

  /** Bytes that are given must not be changed by anybody from here on. */
  constructor(id: AttachmentId, held: Uint8Array | SpoolFile, byteLength: number, lentFrom?: PreparedContent) {
    this.id = id
    this.byteLength = byteLength
    this.#held = held
    this.#lentFrom = lentFrom
    if (!(held instanceof Uint8Array) && held.path !== undefined) this.path = held.path
  }

  /** What stores write of it; undefined of anything that another made, whatever it looks like. */
  static of(body: unknown): PreparedContent | undefined {
    return typeof body === 'object' && body !== null && #held in body ? (body.#lentFrom ?? body) : undefined
  }

  lend(): AttachmentContent {
    return new PreparedContent(this.id, this.#held, this.byteLength, this)
  }

  get bytes(): Uint8Array | undefined {
    const held = this.#held
    if (!(held instanceof Uint8Array)) return undefined
    if (this.#lentFrom === undefined) return held
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
 * Whether core made the content and only stores have its bytes, so that its id is theirs. A manifest whose `recordIntentAndPut`
 * writes content has to ask; a driver need not.
 */
export function isPreparedContent(content: unknown): content is AttachmentContent {
  return PreparedContent.of(content) === content
}

export interface ContentOptions {
  /** Stops the reading of a source. Arrays are taken at once. */
  signal: () => AbortSignal
  maxByteLength: number
  spool?: AttachmentSpoolOptions | undefined
}
