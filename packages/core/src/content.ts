import { digest } from './digest.ts'
import type { AttachmentSpoolOptions } from './driver.ts'
import { AttachmentInvalidArgumentError, AttachmentIoError, AttachmentTooLargeError } from './errors.ts'
import type { AttachmentId } from './id.ts'

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

export interface ContentOptions {
  /** Stops the reading of a source. Arrays are taken at once. */
  signal: () => AbortSignal
  maxByteLength: number
  spool?: AttachmentSpoolOptions | undefined
}

/**
 * Reads and hashes a body. Small arrays are done at once, without a promise. When it fails, the body's source has been told.
 * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, `signal.reason`, or what the source failed with.
 */
export function prepareContent(
  body: AttachmentBody,
  options: ContentOptions,
): PreparedContent | Promise<PreparedContent> {
  const bytes = copyOf(body, options.maxByteLength)
  if (bytes === undefined) return readSource(body, options)
  const id = digest(bytes)
  return typeof id === 'string' ? held(bytes, id) : id.then(digested => held(bytes, digested))
}

/** A module of its own, so that core also loads where there is no file system. */
async function readSource(body: AttachmentBody, options: ContentOptions): Promise<PreparedContent> {
  const source = await loaded(import('./source.ts')).catch(error => refuse(body, error))
  return source.readSource(body, options.signal(), options)
}

/** What is not loaded with core. Where that fails, for want of file descriptors, the next call tries again; from Node 24 on, that can succeed. */
export function loaded<T>(module: Promise<T>): Promise<T> {
  return module.catch(cause => {
    throw new AttachmentIoError(cause?.path ?? '', `cannot load a module of core: ${cause}`, { cause })
  })
}

/** Fails with the error, when the source of the body has been told that nobody will read it. */
export function refuse(body: unknown, error: unknown): never {
  if (Symbol.asyncIterator in Object(body)) void stop(body, error)
  throw error
}

/** Tells a source that nobody reads it, or reads on; what it makes of that concerns nobody. Of a locked stream, another takes care. */
export async function stop(source: unknown, reason: unknown): Promise<void> {
  const told = source as Record<string, ((reason?: unknown) => unknown) | undefined>
  try {
    // An error given to `destroy` would want a listener.
    if (told.destroy) told.destroy()
    else await (told.cancel ?? told.return)?.call(source, reason)
  } catch {
    // Its put has failed already, and says why.
  }
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
  declare readonly path?: string
  readonly #held: Uint8Array | ContentFile
  /** In the hands of a caller, who may do to its bytes whatever it likes: what it was lent from. */
  readonly #lentFrom: PreparedContent | undefined
  #copy: Uint8Array | undefined

  /** Bytes that are given must not be changed by anybody from here on. */
  constructor(id: AttachmentId, held: Uint8Array | ContentFile, byteLength: number, lentFrom?: PreparedContent) {
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

/** The bytes of an array, copied: whatever is done to its memory afterwards, by whichever thread. Undefined when the body is none. */
function copyOf(body: unknown, maxByteLength: number): Uint8Array | undefined {
  // By tag, not by instanceof: arrays may come from another realm.
  const isArray = ArrayBuffer.isView(body) && (body as Uint8Array)[Symbol.toStringTag] === 'Uint8Array'
  if (!isArray && Object.prototype.toString.call(body) !== '[object ArrayBuffer]') return undefined
  const { byteLength } = body as Uint8Array | ArrayBuffer
  if (byteLength > maxByteLength) throw new AttachmentTooLargeError(maxByteLength)
  return copied(() => (isArray ? copy(body as Uint8Array) : new Uint8Array((body as ArrayBuffer).slice(0))))
}

/** @throws AttachmentInvalidArgumentError when the copy fails: an array without memory looks empty until it is touched. */
export function copied<T>(make: () => T): T {
  try {
    return make()
  } catch (cause) {
    throw new AttachmentInvalidArgumentError(`cannot copy the bytes; give very many as a stream: ${cause}`, { cause })
  }
}

/** Small copies share memory with one another, which is several times faster; they never leave the store as they are. */
const sharedBytes = 16 * 1024
let shared = new ArrayBuffer(0)
let sharedUsed = 0

function copy(bytes: Uint8Array): Uint8Array {
  const { byteLength } = bytes
  if (byteLength === 0 || byteLength >= 4096) return new Uint8Array(bytes)
  if (sharedUsed + byteLength > shared.byteLength) {
    shared = new ArrayBuffer(sharedBytes)
    sharedUsed = 0
  }
  const taken = new Uint8Array(shared, sharedUsed, byteLength)
  taken.set(bytes)
  // A copy begins where a word does.
  sharedUsed += (byteLength + 7) & ~7
  return taken
}
