import {
  AttachmentBackendError,
  type AttachmentContent,
  type AttachmentDriver,
  type AttachmentDriverOptions,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentKey,
  type AttachmentListing,
  type AttachmentMeta,
  type AttachmentSpoolOptions,
  type AttachmentStorePersistence,
} from '@lash/attachments-core'
import { abortable, concurrently } from '@lash/attachments-core/backend'
import type { Adapter, ByteRange } from 'files-sdk'
import { isConflict, isMissing } from './adapter-errors.ts'
import { isOneRequest, objectBytes, objectStream, partsOf } from './object-body.ts'
import { blobLength, decodeHeader, encodeHeader, headerBytes } from './object-header.ts'
import type { ObjectNames } from './object-names.ts'
import { ObjectReader } from './object-reader.ts'
import { Uploads } from './uploads.ts'

export interface FilesSdkDriverOptions {
  readonly adapter: Adapter
  readonly names: ObjectNames
  readonly persistence: AttachmentStorePersistence
  readonly spool: AttachmentSpoolOptions | undefined
}

/** A range that begins within so many bytes is read with the header in one request. What lies before is skipped. */
const nearBytes = 64 * 1024
/** Deletes at the same time, where the adapter has no request for many. */
const deletesAtOnce = 8
const headerRange: ByteRange = { start: 0, end: headerBytes - 1 }
const objectType = 'application/octet-stream'

/** One object for each copy: a header of fixed length with the metadata, and then the bytes. */
export class FilesSdkDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name: string
  readonly persistence: AttachmentStorePersistence
  readonly spool: AttachmentSpoolOptions | undefined
  readonly #adapter: Adapter
  readonly #names: ObjectNames
  readonly #uploads = new Uploads()

  constructor({ adapter, names, persistence, spool }: FilesSdkDriverOptions) {
    this.name = `files-sdk (${adapter.name})`
    this.persistence = persistence
    this.spool = spool
    this.#adapter = adapter
    this.#names = names
  }

  write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    return this.#uploads.run(this.#names.of(key), signal, () => this.#write(key, content, meta, signal))
  }

  async #write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const found = await this.#look(key, content.byteLength, signal)
    if (found === 'intact') return
    const name = this.#names.of(key)
    const header = encodeHeader(meta)
    signal?.throwIfAborted()
    const body = isOneRequest(content) ? await objectBytes(header, content, signal) : undefined
    if (found === 'absent' && body !== undefined && this.#adapter.conditional?.create !== undefined) {
      try {
        await this.#adapter.conditional.create(name, body, { contentType: objectType, ...abortedBy(signal) })
        return
      } catch (error) {
        if (!isConflict(error)) throw error
        // Another writer has created it, or is about to.
        if ((await this.#look(key, content.byteLength, signal)) === 'intact') return
      }
    }
    const stored = await this.#adapter.upload(name, body ?? objectStream(header, content, signal), {
      contentType: objectType,
      ...abortedBy(signal),
      ...partsOf(headerBytes + content.byteLength),
    })
    if (stored.key !== name) {
      throw new AttachmentBackendError(
        `the service gave an object the name ${stored.key} instead of ${name}; it cannot hold attachments, ` +
          'or its adapter has an option such as addRandomSuffix, which must be off',
      )
    }
  }

  async #look(
    key: AttachmentKey,
    byteLength: number,
    signal: AbortSignal | undefined,
  ): Promise<'absent' | 'damaged' | 'intact'> {
    const name = this.#names.of(key)
    const objectLength = await this.#objectLength(name, signal)
    if (objectLength === undefined) return 'absent'
    if (objectLength !== headerBytes + byteLength) return 'damaged'
    const header = await this.#header(name, signal)
    if (header === undefined) return 'absent'
    try {
      return decodeHeader(key, header).byteLength === byteLength ? 'intact' : 'damaged'
    } catch {
      return 'damaged'
    }
  }

  async read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    const { start = 0, end = Number.MAX_SAFE_INTEGER, signal } = options
    const name = this.#names.of(key)
    const near = start <= nearBytes || this.#adapter.supportsRange !== true
    const first = await this.#open(name, near ? objectRange(0, headerBytes + end) : headerRange, signal)
    if (first === undefined) return undefined
    try {
      const meta = decodeHeader(key, await first.take(headerBytes, signal))
      const last = Math.min(end, meta.byteLength)
      // One byte more than there should be, so that an object that has become longer is noticed.
      if (near) return { meta, body: first.stream(start, Math.max(0, (end > last ? last + 1 : last) - start)) }
      await first.cancel()
      if (start >= last) return { meta, body: new Uint8Array(0) }
      const rest = await this.#open(name, objectRange(headerBytes + start, headerBytes + last), signal)
      return rest && { meta, body: rest.stream(0, last - start) }
    } catch (error) {
      await first.cancel()
      throw error
    }
  }

  async stat(key: AttachmentKey, { signal }: AttachmentDriverOptions): Promise<AttachmentMeta | undefined> {
    const name = this.#names.of(key)
    const [objectLength, header] = await Promise.all([this.#objectLength(name, signal), this.#header(name, signal)])
    if (objectLength === undefined || header === undefined) return undefined
    return decodeHeader(key, header, blobLength(objectLength))
  }

  async remove(keys: readonly AttachmentKey[], { signal }: AttachmentDriverOptions): Promise<void> {
    const names = [...new Set(keys.map(key => this.#names.of(key)))]
    await abortable(this.#uploads.ended(names), signal)
    await abortable(this.#removeAll(names, signal), signal)
  }

  async #removeAll(names: string[], signal: AbortSignal | undefined): Promise<void> {
    const adapter = this.#adapter
    if (names.length > 1 && adapter.deleteMany !== undefined) {
      const { errors = [] } = await adapter.deleteMany(names)
      for (const { error } of errors) if (!isMissing(error)) throw error
      return
    }
    await concurrently(names, deletesAtOnce, async name => {
      signal?.throwIfAborted()
      await orMissing(adapter.delete(name, abortedBy(signal)))
    })
  }

  async *list(options: AttachmentDriverOptions & { readonly prefix: string }): AsyncGenerator<AttachmentListing> {
    const { signal } = options
    const prefix = this.#names.beginning(options.prefix)
    let cursor: string | undefined
    do {
      const listing = this.#adapter.list({ prefix, ...abortedBy(signal), ...(cursor === undefined ? {} : { cursor }) })
      const page = await abortable(listing, signal)
      for (const { key: name, size, lastModified } of page.items) {
        const key = this.#names.parse(name)
        if (key === undefined || !key.id.startsWith(options.prefix)) continue
        // No object of ours is shorter than its header. Some services list no lengths.
        const objectLength = size < headerBytes ? await this.#objectLength(name, signal) : size
        if (objectLength === undefined) continue
        const listed = { ...key, byteLength: blobLength(objectLength) }
        yield lastModified === undefined ? listed : { ...listed, lastModifiedMs: lastModified }
      }
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  /** The adapter is the host's. */
  async close(): Promise<void> {
    await this.#uploads.ended()
  }

  async #objectLength(name: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    return (await orMissing(abortable(this.#adapter.head(name, abortedBy(signal)), signal)))?.size
  }

  /** The first bytes of an object. */
  async #header(name: string, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const reader = await this.#open(name, headerRange, signal)
    try {
      return await reader?.take(headerBytes, signal)
    } finally {
      await reader?.cancel()
    }
  }

  /** Opens an object: all of it where the adapter reads no ranges. Undefined when there is none. */
  async #open(
    name: string,
    range: ByteRange | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ObjectReader | undefined> {
    const ranged = range !== undefined && this.#adapter.supportsRange === true
    const options = { as: 'stream', ...abortedBy(signal), ...(ranged ? { range } : {}) } as const
    const download = this.#adapter.download(name, options)
    let reader: ObjectReader | undefined
    try {
      reader = new ObjectReader((await abortable(download, signal)).stream(), this.name)
      await reader.begin(signal)
      return reader
    } catch (error) {
      await reader?.cancel()
      if (signal?.aborted) {
        if (reader === undefined) void download.then(file => file.stream().cancel()).catch(() => {})
        throw error
      }
      if (isMissing(error)) return undefined
      const length = await this.#objectLength(name, signal).catch(() => Number.POSITIVE_INFINITY)
      // Some adapters open an object only when it is read, and it may be gone by then.
      if (length === undefined) return undefined
      // Services refuse a range after the end, and the object may be shorter than it should be.
      if (ranged && length <= range.start) return new ObjectReader(ReadableStream.from([]), this.name)
      throw error
    }
  }
}

/** The bytes of an object from `start` to before `end`, both in the object. Undefined for all of it. */
function objectRange(start: number, end: number): ByteRange | undefined {
  return end < Number.MAX_SAFE_INTEGER ? { start, end: end - 1 } : undefined
}

/** What an adapter gives, or undefined when there is no such object. */
async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** A signal of its own for each request, since some clients leave listeners on it. */
function abortedBy(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal: AbortSignal.any([signal]) }
}
