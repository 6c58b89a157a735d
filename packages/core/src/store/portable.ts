import { abortable } from '../calls/abort.ts'
import { Lifetime } from '../calls/lifetime.ts'
import { load } from '../calls/load.ts'
import { withoutUrlCredentials } from '../calls/url-credentials.ts'
import { abandon } from '../content/abandon.ts'
import { streamOf } from '../content/byte-stream.ts'
import { type AttachmentBody, type AttachmentContent, PreparedContent } from '../content/content.ts'
import { digest } from '../content/digest.ts'
import { type AttachmentId, isAttachmentId, isAttachmentIdPrefix } from '../content/id.ts'
import {
  type AttachmentCreateMeta,
  type AttachmentMeta,
  type AttachmentRef,
  checkGeneration,
  checkMeta,
  checkWhole,
  refTo,
  storedMeta,
} from '../content/meta.ts'
import { prepareContent } from '../content/prepare.ts'
import {
  AttachmentBackendError,
  AttachmentInvalidArgumentError,
  AttachmentNotFoundError,
  AttachmentStoreError,
  AttachmentTooLargeError,
} from '../errors.ts'
import { wrongDigest, wrongLength } from '../reading/integrity.ts'
import { owned } from '../reading/owned.ts'
import type { AttachmentDriver, AttachmentKey } from './driver.ts'
import { RemovalBatcher } from './removal-batcher.ts'
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
  readonly persistence: AttachmentStorePersistence
  /** For subclasses that offer more than the interface. */
  protected readonly driver: AttachmentDriver
  readonly #maxByteLength: number
  readonly #removals: RemovalBatcher
  readonly #lifetime: Lifetime

  constructor(driver: AttachmentDriver, options: PortableAttachmentStoreOptions = {}) {
    this.driver = driver
    this.persistence = driver.persistence
    this.#maxByteLength = options.maxByteLength ?? Number.POSITIVE_INFINITY
    if (!(this.#maxByteLength >= 0)) throw new AttachmentInvalidArgumentError('maxByteLength must be 0 or more')
    this.#removals = new RemovalBatcher(driver)
    this.#lifetime = new Lifetime(`the ${driver.name} store`)
    // Now, since later there may be no file descriptor left, and Node 22 never tries again to load what it once could
    // not.
    void Promise.allSettled([import('../content/source.ts'), streamReading()])
  }

  async prepare(body: AttachmentBody, options: AttachmentSignalOptions = {}): Promise<AttachmentContent> {
    this.#lifetime.enterWith(body, options.signal, () => {})
    try {
      return (await this.#content(body, options.signal)).callerView()
    } finally {
      this.#lifetime.exit()
    }
  }

  async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options: AttachmentPutOptions = {},
  ): Promise<AttachmentRef> {
    const { signal, generation = 0 } = options
    const checked = this.#lifetime.enterWith(body, signal, () => {
      checkGeneration(generation)
      return checkMeta(meta)
    })
    let own: PreparedContent | undefined
    try {
      let content = PreparedContent.of(body)
      if (content !== undefined) {
        if (content.byteLength > this.#maxByteLength) throw new AttachmentTooLargeError(this.#maxByteLength)
      } else {
        const prepared = this.#content(body, signal)
        content = own = prepared instanceof Promise ? await prepared : prepared
        signal?.throwIfAborted()
      }
      const { id, byteLength } = content
      const stored = storedMeta(id, byteLength, checked)
      // As `driven`, but without its promise: this is the hot path.
      try {
        await this.driver.write({ id, generation }, content, stored, options)
      } catch (error) {
        throw this.#mapped('put', error, signal)
      }
      return refTo(stored, generation)
    } finally {
      if (own?.bytes === undefined) await own?.[Symbol.asyncDispose]()
      this.#lifetime.exit()
    }
  }

  #content(body: AttachmentBody, signal: AbortSignal | undefined): PreparedContent | Promise<PreparedContent> {
    return prepareContent(body, {
      // So that close does not wait for a source that may never end.
      signal: () => this.#lifetime.until(signal),
      maxByteLength: this.#maxByteLength,
      spool: this.driver.spool,
    })
  }

  async get(id: AttachmentId, options: AttachmentGetOptions = {}): Promise<StoredAttachment> {
    const { signal } = options
    this.#lifetime.enter(signal)
    try {
      const found = await this.#find('get', id, options, key => this.driver.read(key, { signal }))
      if (found === undefined) throw new AttachmentNotFoundError(id)
      const { meta, body } = found
      const bytes = body instanceof Uint8Array ? owned(body) : await this.#collected(body, meta, signal)
      if (bytes.byteLength !== meta.byteLength) throw wrongLength(id, bytes.byteLength, meta.byteLength)
      if (options.verify !== false) {
        const actual = digest(bytes)
        if ((typeof actual === 'string' ? actual : await abortable(actual, signal)) !== id) throw wrongDigest(id)
      }
      signal?.throwIfAborted()
      return { meta, bytes }
    } finally {
      this.#lifetime.exit()
    }
  }

  async #collected(
    body: ReadableStream<Uint8Array>,
    meta: AttachmentMeta,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    try {
      const { collect } = await streamReading()
      return await collect(body, meta, signal)
    } catch (error) {
      // If `collect` has locked the stream, it has cancelled it too.
      void abandon(body, error)
      throw this.#mapped('get', error, signal)
    }
  }

  stream(id: AttachmentId, options: AttachmentStreamOptions = {}): Promise<AttachmentStream> {
    return this.run(options.signal, async () => {
      const range = checkRange(options)
      const { verified } = await streamReading()
      const { signal } = options
      const found = await this.#find('get', id, options, key => this.driver.read(key, { ...range, signal }))
      if (found === undefined) throw new AttachmentNotFoundError(id)
      const { meta, body } = found
      const length = range === undefined ? meta.byteLength : clip(range, meta.byteLength)
      const whole = length === meta.byteLength
      const stream = body instanceof Uint8Array ? streamOf(body) : body
      const checked = verified(stream, id, length, whole, this.#lifetime.until(signal))
      signal?.throwIfAborted()
      return { meta, body: checked }
    })
  }

  stat(id: AttachmentId, options: AttachmentGenerationOptions = {}): Promise<AttachmentMeta | undefined> {
    const { signal } = options
    return this.run(signal, async () => {
      const found = await this.#find('stat', id, options, key => this.driver.stat(key, { signal }))
      signal?.throwIfAborted()
      return found
    })
  }

  /**
   * Looks at the generation that is asked for. When none is, looks at 0 and, if that is missing, at every one that is
   * listed. Makes one promise: this is the hot path of reading.
   */
  async #find<T>(
    operation: string,
    id: AttachmentId,
    { generation, signal }: AttachmentGenerationOptions,
    look: (key: AttachmentKey) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (!isAttachmentId(id)) return undefined
    const first = { id, generation: generation === undefined ? 0 : checkGeneration(generation) }
    try {
      const found = await look(first)
      if (found !== undefined || generation !== undefined) return found
      for (const key of await this.#copies(id, signal)) {
        const other = key.generation === 0 ? undefined : await look(key)
        if (other !== undefined) return other
      }
      return undefined
    } catch (error) {
      throw this.#mapped(operation, error, signal)
    }
  }

  /** The keys of all copies of the id. */
  async #copies(id: AttachmentId, signal: AbortSignal | undefined): Promise<AttachmentKey[]> {
    const keys: AttachmentKey[] = []
    for await (const { generation } of this.list({ prefix: id, signal })) keys.push({ id, generation })
    return keys
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
    return this.run(options.signal, async () => {
      if (!isAttachmentId(id)) return
      const { signal } = options
      if (options.generation !== undefined) {
        const generation = checkGeneration(options.generation)
        // An abort ends this call at once. The removal ends when the driver notices the abort; close waits for that.
        const removing = this.run(undefined, () => this.#removals.remove({ id, generation }, signal))
        return this.driven('delete', signal, abortable(removing, signal))
      }
      const keys = await this.#copies(id, signal)
      if (keys.length > 0) await this.driven('delete', signal, this.driver.remove(keys, { signal }))
    })
  }

  get maxByteLength(): number {
    return this.#maxByteLength
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

  /** Runs one call: it is refused after close, and close waits for it. For subclasses that offer more. */
  protected run<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    return this.#lifetime.run(signal, call)
  }

  /** As the driver's result, but an error that is not ours becomes one of ours. Not for errors of a source. */
  protected async driven<T>(operation: string, signal: AbortSignal | undefined, result: Promise<T>): Promise<T> {
    try {
      return await result
    } catch (error) {
      throw this.#mapped(operation, error, signal)
    }
  }

  #mapped(operation: string, error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason
    if (AttachmentStoreError.isInstance(error)) return error
    return new AttachmentBackendError(`${operation} failed in the ${this.driver.name} store: ${describe(error)}`, {
      cause: error,
    })
  }
}

function streamReading(): Promise<typeof import('../reading/stream-reading.ts')> {
  return load(import('../reading/stream-reading.ts'))
}

interface Range {
  start: number
  end: number
}

function checkRange({ start, end }: AttachmentStreamOptions): Range | undefined {
  if (start === undefined && end === undefined) return undefined
  const first = checkWhole('start', start ?? 0)
  return { start: first, end: Math.max(first, checkWhole('end', end ?? Number.MAX_SAFE_INTEGER)) }
}

/** How many bytes of a blob the range covers. */
function clip(range: Range, byteLength: number): number {
  return Math.max(0, Math.min(range.end, byteLength) - range.start)
}

/** The message of a backend's error; drivers that know how say more. */
function describe(error: unknown): string {
  return withoutUrlCredentials(error instanceof Error ? error.message || error.name : String(error))
}
