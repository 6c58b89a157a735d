import { digest } from './digest.ts'
import type { AttachmentSpoolOptions } from './driver.ts'
import { AttachmentInvalidArgumentError, AttachmentTooLargeError } from './errors.ts'
import type { AttachmentId } from './id.ts'

/**
 * What can be put. Arrays are copied before the first await, so changing them afterwards harms nothing. A stream or an iterable is read once,
 * and cancelled when the put fails. A Node `Readable` without an encoding is an `AsyncIterable<Uint8Array>`.
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
  /** The bytes, where they are held in memory. Never change them: stores keep them as they are. */
  readonly bytes?: Uint8Array
  /** The spool file, where there is one with a name. Never change, rename or delete it. */
  readonly path?: string
  /** The bytes from the start; as often as wanted, also at the same time, until disposed of. */
  stream(): ReadableStream<Uint8Array>
}

export interface ContentOptions {
  signal?: AbortSignal | undefined
  maxByteLength: number
  spool?: AttachmentSpoolOptions | undefined
}

/**
 * Reads and hashes a body. Small arrays are done at once, without a promise.
 * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, `signal.reason`, or what the source failed with.
 */
export function prepareContent(
  body: AttachmentBody,
  options: ContentOptions,
): PreparedContent | Promise<PreparedContent> {
  const bytes = copyOf(body)
  if (bytes !== undefined) {
    if (bytes.byteLength > options.maxByteLength) throw new AttachmentTooLargeError(options.maxByteLength)
    const id = digest(bytes)
    return typeof id === 'string' ? held(bytes, id) : id.then(digested => held(bytes, digested))
  }
  return readSource(body, options)
}

/** Loaded when a body is first not an array, so that core also loads where there is no file system. */
async function readSource(body: AttachmentBody, options: ContentOptions): Promise<PreparedContent> {
  return (await import('./source.ts')).readSource(body, options)
}

/** What holds a body that is not in memory. */
export interface ContentFile {
  readonly path: string | undefined
  stream(byteLength: number): ReadableStream<Uint8Array>
  remove(): Promise<void>
}

/** Content that this package made, and so may be trusted to have the id that it says. */
export class PreparedContent implements AttachmentContent {
  readonly id: AttachmentId
  readonly byteLength: number
  declare readonly bytes?: Uint8Array
  declare readonly path?: string
  readonly #file: ContentFile | undefined

  /** Bytes that are given must not be changed by anybody from here on. */
  constructor(id: AttachmentId, held: Uint8Array | ContentFile, byteLength: number) {
    this.id = id
    this.byteLength = byteLength
    if (held instanceof Uint8Array) {
      this.bytes = held
    } else {
      this.#file = held
      if (held.path !== undefined) this.path = held.path
    }
  }

  /** False of anything that another made, whatever it looks like. */
  static is(body: unknown): body is PreparedContent {
    return typeof body === 'object' && body !== null && #file in body
  }

  stream(): ReadableStream<Uint8Array> {
    return this.bytes === undefined ? (this.#file as ContentFile).stream(this.byteLength) : streamOf(this.bytes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.remove()
  }
}

/**
 * Whether core made the content, so that its id is that of its bytes. A manifest whose `recordIntentAndPut` writes content has to
 * ask; a driver need not.
 */
export function isPreparedContent(content: unknown): content is AttachmentContent {
  return PreparedContent.is(content)
}

function held(bytes: Uint8Array, id: AttachmentId): PreparedContent {
  return new PreparedContent(id, bytes, bytes.byteLength)
}

/** The bytes as a stream of chunks, copied so that who reads them can do with them what it likes. */
export function streamOf(bytes: Uint8Array, chunkBytes: number = 64 * 1024): ReadableStream<Uint8Array> {
  let offset = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (offset >= bytes.byteLength) return controller.close()
        const end = Math.min(offset + chunkBytes, bytes.byteLength)
        controller.enqueue(new Uint8Array(bytes.subarray(offset, end)))
        offset = end
      },
    },
    { highWaterMark: 0 },
  )
}

function copyOf(body: AttachmentBody): Uint8Array | undefined {
  // By tag, not by instanceof: arrays may come from another realm. `slice` of a Buffer would be a view.
  if (ArrayBuffer.isView(body) && (body as Uint8Array)[Symbol.toStringTag] === 'Uint8Array') {
    return copy(body as Uint8Array)
  }
  if (Object.prototype.toString.call(body) === '[object ArrayBuffer]') {
    if ((body as ArrayBuffer).detached) throw new AttachmentInvalidArgumentError('the ArrayBuffer is detached')
    return new Uint8Array((body as ArrayBuffer).slice(0))
  }
  return undefined
}

/** Small copies come out of the pool of `Buffer`, which is several times faster; they never leave the store as they are. */
function copy(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength < 4096 ? Buffer.from(bytes) : new Uint8Array(bytes)
}
