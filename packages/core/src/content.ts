import { contentId, digest } from './digest.ts'
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

/** Content that this module made and so may be trusted to have the id that it says. */
const trusted = new WeakSet<object>()

/** Whether the content comes from {@link prepareContent} of this copy of the package. */
export function isTrustedContent(body: unknown): body is AttachmentContent {
  return typeof body === 'object' && body !== null && trusted.has(body)
}

/** Marks content as having the id that it says. */
export function trust<C extends AttachmentContent>(content: C): C {
  trusted.add(content)
  return content
}

/**
 * Reads and hashes a body. Small arrays are done at once, without a promise.
 * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, `signal.reason`, or what the source failed with.
 */
export function prepareContent(
  body: AttachmentBody,
  options: ContentOptions,
): AttachmentContent | Promise<AttachmentContent> {
  const bytes = copyOf(body)
  if (bytes !== undefined) {
    if (bytes.byteLength > options.maxByteLength) throw new AttachmentTooLargeError(options.maxByteLength)
    const id = digest(bytes)
    return typeof id === 'string' ? heldContent(bytes, id) : id.then(digested => heldContent(bytes, digested))
  }
  return readSource(body, options)
}

/** Loaded when a body is first not an array, so that core also loads where there is no file system. */
async function readSource(body: AttachmentBody, options: ContentOptions): Promise<AttachmentContent> {
  return (await import('./source.ts')).readSource(body, options)
}

/** Content held in memory. The bytes must not be changed by anybody from here on. */
export function heldContent(bytes: Uint8Array, id: AttachmentId = contentId(bytes)): AttachmentContent {
  return trust(new HeldContent(bytes, id))
}

class HeldContent implements AttachmentContent {
  readonly id: AttachmentId
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array, id: AttachmentId) {
    this.bytes = bytes
    this.id = id
  }

  get byteLength(): number {
    return this.bytes.byteLength
  }

  stream(): ReadableStream<Uint8Array> {
    return streamOf(this.bytes)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
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
    return new Uint8Array(body as Uint8Array)
  }
  if (Object.prototype.toString.call(body) === '[object ArrayBuffer]') {
    if ((body as ArrayBuffer).detached) throw new AttachmentInvalidArgumentError('the ArrayBuffer is detached')
    return new Uint8Array((body as ArrayBuffer).slice(0))
  }
  return undefined
}
