import { abortable } from '../calls/abort.ts'
import { Lifetime } from '../calls/lifetime.ts'
import { streamReading, traced, tracedStream } from '../calls/tracing.ts'
import { withoutUrlCredentials } from '../calls/url-credentials.ts'
import { rejectBody } from '../content/abandon.ts'
import { owned, streamOf } from '../content/byte-stream.ts'
import { type AttachmentBody, type AttachmentContent, PreparedContent } from '../content/content.ts'
import { digest } from '../content/digest.ts'
import { type AttachmentId, isAttachmentId, isAttachmentIdPrefix } from '../content/id.ts'
import {
  type AttachmentCreateMeta,
  type AttachmentMeta,
  type AttachmentRef,
  checkGeneration,
  checkMeta,
  refTo,
  storedMeta,
} from '../content/meta.ts'
import { heldContent, sourceContent, sourceReading } from '../content/prepare.ts'
import {
  AttachmentBackendError,
  AttachmentNotFoundError,
  AttachmentStoreError,
  AttachmentTooLargeError,
} from '../errors.ts'
import { checkNumber, checkWhole } from '../numbers.ts'
import { wrongDigest, wrongLength } from '../reading/integrity.ts'
import { batchedRemoval } from './batched-removal.ts'
import type { AttachmentDriver, AttachmentKey } from './driver.ts'
import type {
  AttachmentGenerationOptions,
  AttachmentGetOptions,
  AttachmentListing,
  AttachmentListOptions,
  AttachmentPutOptions,
  AttachmentSignalOptions,
  AttachmentStore,
  AttachmentStorePersistence,
  AttachmentStream,
  AttachmentStreamOptions,
  StoredAttachment,
} from './store.ts'

export interface PortableAttachmentStoreOptions {
  /** Largest body that `put` takes, in bytes. Default: no limit but the backend's. */
  maxByteLength?: number | undefined
}

/**
 * An `AttachmentStore` over a small driver. What every backend must get right is done here.
 * See `AttachmentStore` for what it guarantees, and `AttachmentDriver` for what it needs.
 */
export class PortableAttachmentStore implements AttachmentStore {
  declare readonly persistence: AttachmentStorePersistence
  /** For subclasses that offer more than the interface. */
  declare protected readonly driver: AttachmentDriver
  declare readonly maxByteLength: number
  readonly #remove: ReturnType<typeof batchedRemoval>
  readonly #lifetime: Lifetime

  constructor(
    driver: AttachmentDriver,
    { maxByteLength = Number.POSITIVE_INFINITY }: PortableAttachmentStoreOptions = {},
  ) {
    this.driver = driver
    this.persistence = driver.persistence
    this.maxByteLength = checkNumber('maxByteLength', maxByteLength, 0)
    this.#remove = batchedRemoval(driver)
    this.#lifetime = new Lifetime(`the ${driver.name} store`)
    // Now, since later there may be no file descriptor left, and Node 22 never tries again to load what it once could
    // not.
    void Promise.allSettled([sourceReading(), streamReading()])
  }

  async prepare(body: AttachmentBody, options: AttachmentSignalOptions = {}): Promise<AttachmentContent> {
    this.#lifetime.enterWith(body, options.signal)
    try {
      const content = heldContent(body, this.maxByteLength) ?? this.#read(body, options.signal)
      return (await content).callerView()
    } finally {
      this.#lifetime.exit()
    }
  }

  put(body: AttachmentBody, meta: AttachmentCreateMeta, options: AttachmentPutOptions = {}): Promise<AttachmentRef> {
    return traced('put', options, { store: this }, async () => {
      const { signal, generation = 0 } = options
      const checked = this.#lifetime.enterWith(body, signal, () => {
        checkGeneration(generation)
        return checkMeta(meta)
      })
      let read: PreparedContent | undefined
      try {
        const held = heldContent(body, this.maxByteLength) ?? PreparedContent.of(body)
        if (held === undefined) read = await this.#read(body, signal)
        const content = read ?? (held instanceof Promise ? await held : (held as PreparedContent))
        signal?.throwIfAborted()
        const { id, byteLength } = content
        if (byteLength > this.maxByteLength) throw new AttachmentTooLargeError(this.maxByteLength)
        const stored = storedMeta(id, byteLength, checked)
        // Apart from the errors of a source, which stay as they are.
        try {
          await this.driver.write({ id, generation }, content, stored, options)
        } catch (error) {
          throw this.#mapped('put', error, signal)
        }
        return refTo(stored, generation)
      } finally {
        // A spool file that cannot be deleted fails the put, and must not keep the store open for ever.
        try {
          if (read !== undefined) await read[Symbol.asyncDispose]()
        } finally {
          this.#lifetime.exit()
        }
      }
    })
  }

  /** Reads a body that is no array. Until close, which does not wait for a source that may never end. */
  #read(body: AttachmentBody, signal: AbortSignal | undefined): Promise<PreparedContent> {
    return sourceContent(body, this.#lifetime.until(signal), {
      maxByteLength: this.maxByteLength,
      spool: this.driver.spool,
    })
  }

  get(id: AttachmentId, options: AttachmentGetOptions = {}): Promise<StoredAttachment> {
    return traced('get', options, { store: this, id }, async () => {
      const { signal, verify } = options
      this.#lifetime.enter(signal)
      try {
        const found = await this.#find(id, options, key => this.driver.read(key, { signal, verify }))
        if (found === undefined) throw new AttachmentNotFoundError(id)
        const { meta, body } = found
        const bytes = body instanceof Uint8Array ? owned(body) : await collected(body, meta, signal)
        if (bytes.byteLength !== meta.byteLength) throw wrongLength(id, bytes.byteLength, meta.byteLength)
        if (verify !== false && body !== found.verified) {
          const actual = digest(bytes)
          if ((typeof actual === 'string' ? actual : await abortable(actual, signal)) !== id) throw wrongDigest(id)
        }
        signal?.throwIfAborted()
        return { meta, bytes }
      } catch (error) {
        throw this.#mapped('get', error, signal)
      } finally {
        this.#lifetime.exit()
      }
    })
  }

  stream(id: AttachmentId, options: AttachmentStreamOptions = {}): Promise<AttachmentStream> {
    const { signal } = options
    return tracedStream(options, { store: this, id }, () =>
      this.run('get', signal, async () => {
        const range = rangeOf(options)
        const { verified } = await streamReading()
        const found = await this.#find(id, options, key => this.driver.read(key, { ...range, signal }))
        if (found === undefined) throw new AttachmentNotFoundError(id)
        const { meta, body } = found
        const { byteLength } = meta
        const { start = 0, end = byteLength } = range ?? {}
        const length = Math.max(0, Math.min(end, byteLength) - start)
        const stream = body instanceof Uint8Array ? streamOf(body) : body
        const verify = length === byteLength && body !== found.verified
        return { meta, body: verified(stream, id, length, verify, this.#lifetime.until(signal)) }
      }),
    )
  }

  stat(id: AttachmentId, options: AttachmentGenerationOptions = {}): Promise<AttachmentMeta | undefined> {
    const { signal } = options
    return this.run('stat', signal, () => this.#find(id, options, key => this.driver.stat(key, { signal })))
  }

  /**
   * Looks at the generation that is asked for. When none is, looks at 0 and, if that is missing, at every one that is
   * listed. Makes one promise: this is the hot path of reading.
   */
  async #find<T>(
    id: AttachmentId,
    { generation, signal }: AttachmentGenerationOptions,
    look: (key: AttachmentKey) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (!isAttachmentId(id)) return undefined
    const first = { id, generation: checkGeneration(generation ?? 0) }
    const found = await look(first)
    if (found !== undefined || generation !== undefined) return found
    for (const key of await Array.fromAsync(this.list({ prefix: id, signal }))) {
      const other = await look(key)
      if (other !== undefined) return other
    }
    return undefined
  }

  async *list(options: AttachmentListOptions = {}): AsyncGenerator<AttachmentListing, void, void> {
    const { signal, prefix = '' } = options
    this.#lifetime.assertOpen(signal)
    if (!isAttachmentIdPrefix(prefix)) return
    try {
      for await (const blob of this.driver.list({ prefix, signal })) {
        yield blob
        this.#lifetime.assertOpen(signal)
      }
    } catch (error) {
      throw this.#mapped('list', error, signal)
    }
  }

  delete(id: AttachmentId, options: AttachmentGenerationOptions = {}): Promise<void> {
    const { signal, generation } = options
    return this.run('delete', signal, async () => {
      if (!isAttachmentId(id)) return
      const keys =
        generation === undefined
          ? await Array.fromAsync(this.list({ prefix: id, signal }))
          : [{ id, generation: checkGeneration(generation) }]
      // Not before the last one, also when one fails: a removal must not come after what the caller does next.
      const removing = keys.map(key => this.#remove(key, signal))
      await Promise.all(removing).finally(() => Promise.allSettled(removing))
    })
  }

  /** Always empty. A plain store has no sessions; the method is here since the interface has it. */
  pendingManifestCommitIds(): AttachmentId[] {
    return []
  }

  /** Does nothing, as {@link pendingManifestCommitIds}. */
  markManifestCommitted(_ids: readonly AttachmentId[]): void {}

  close(): Promise<void> {
    return this.#lifetime.close(() => this.driver.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Runs one call: it is refused after close, and close waits for it. An error that is not ours becomes one of ours.
   * For subclasses that offer more.
   */
  protected async run<T>(operation: string, signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    this.#lifetime.enter(signal)
    try {
      const result = await call()
      signal?.throwIfAborted()
      return result
    } catch (error) {
      throw this.#mapped(operation, error, signal)
    } finally {
      this.#lifetime.exit()
    }
  }

  #mapped(operation: string, error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason
    if (AttachmentStoreError.isInstance(error)) return error
    return new AttachmentBackendError(
      `${operation} failed in the ${this.driver.name} store: ${withoutUrlCredentials(String(error))}`,
      {
        cause: error,
      },
    )
  }
}

function collected(
  body: ReadableStream<Uint8Array>,
  meta: AttachmentMeta,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return streamReading()
    .then(({ collect }) => collect(body, meta, signal))
    .catch(error => rejectBody(body, error))
}

function rangeOf({ start, end }: AttachmentStreamOptions): { start: number; end: number } | undefined {
  if (start === undefined && end === undefined) return undefined
  const first = checkWhole('start', start ?? 0)
  return { start: first, end: Math.max(first, checkWhole('end', end ?? Number.MAX_SAFE_INTEGER)) }
}
