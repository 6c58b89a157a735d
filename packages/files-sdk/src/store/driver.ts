import type {
  AttachmentContent,
  AttachmentDriver,
  AttachmentDriverOptions,
  AttachmentDriverRead,
  AttachmentDriverReadOptions,
  AttachmentKey,
  AttachmentListing,
  AttachmentMeta,
  AttachmentSpoolOptions,
  AttachmentStorePersistence,
} from '@lash/attachments-core'
import type { Adapter, ByteRange } from 'files-sdk'
import { Changes } from './changes.ts'
import { blobLength, decodeHeader, headerBytes } from './object-header.ts'
import type { ObjectNames } from './object-names.ts'
import { ObjectWriter } from './object-writer.ts'
import { headerRange, Objects } from './objects.ts'

export interface FilesSdkDriverOptions {
  readonly adapter: Adapter
  readonly names: ObjectNames
  readonly persistence: AttachmentStorePersistence
  readonly spool: AttachmentSpoolOptions | undefined
}

/** A range that begins within so many bytes is read with the header in one request. What lies before is skipped. */
const nearBytes = 64 * 1024

/** One object for each copy: a header of fixed length with the metadata, and then the bytes. */
export class FilesSdkDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name: string
  readonly persistence: AttachmentStorePersistence
  readonly spool: AttachmentSpoolOptions | undefined
  readonly #names: ObjectNames
  readonly #objects: Objects
  readonly #writer: ObjectWriter
  readonly #changes = new Changes()

  constructor({ adapter, names, persistence, spool }: FilesSdkDriverOptions) {
    this.name = `files-sdk (${adapter.name})`
    this.persistence = persistence
    this.spool = spool
    this.#names = names
    this.#objects = new Objects(adapter, this.name)
    this.#writer = new ObjectWriter(adapter, this.#objects)
  }

  write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    const name = this.#names.of(key)
    return this.#changes.upload(name, signal, () => this.#writer.write(key, name, content, meta, signal))
  }

  async read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    const { start = 0, end = Number.MAX_SAFE_INTEGER, signal } = options
    const name = this.#names.of(key)
    const near = start <= nearBytes || !this.#objects.hasRanges
    const first = await this.#objects.open(name, near ? rangeOf(0, headerBytes + end) : headerRange, signal)
    if (first === undefined) return undefined
    try {
      const meta = decodeHeader(key, await first.take(headerBytes, signal))
      const last = Math.min(end, meta.byteLength)
      // One byte more than there should be, so that an object that has become longer is noticed.
      if (near) return { meta, body: first.stream(start, Math.max(0, (end > last ? last + 1 : last) - start)) }
      await first.cancel()
      if (start >= last) return { meta, body: new Uint8Array(0) }
      const rest = await this.#objects.open(name, rangeOf(headerBytes + start, headerBytes + last), signal)
      return rest && { meta, body: rest.stream(0, last - start) }
    } catch (error) {
      await first.cancel()
      throw error
    }
  }

  async stat(key: AttachmentKey, { signal }: AttachmentDriverOptions): Promise<AttachmentMeta | undefined> {
    const name = this.#names.of(key)
    const asked = [this.#objects.lengthOf(name, signal), this.#objects.headerOf(name, signal)] as const
    const [objectLength, header] = await Promise.all(asked)
    if (objectLength === undefined || header === undefined) return undefined
    return decodeHeader(key, header, blobLength(objectLength))
  }

  async remove(keys: readonly AttachmentKey[], { signal }: AttachmentDriverOptions): Promise<void> {
    const names = [...new Set(keys.map(key => this.#names.of(key)))]
    await this.#changes.remove(names, signal, () => this.#objects.remove(names, signal))
  }

  async *list(options: AttachmentDriverOptions & { readonly prefix: string }): AsyncGenerator<AttachmentListing> {
    const { prefix, signal } = options
    for await (const page of this.#objects.pages(this.#names.beginning(prefix), signal)) {
      for (const { key: name, size, lastModified } of page) {
        const key = this.#names.parse(name)
        if (!key?.id.startsWith(prefix)) continue
        // No object of ours is shorter than its header. Some services list no lengths.
        const objectLength = size < headerBytes ? await this.#objects.lengthOf(name, signal) : size
        if (objectLength === undefined) continue
        const listed = { ...key, byteLength: blobLength(objectLength) }
        yield lastModified === undefined ? listed : { ...listed, lastModifiedMs: lastModified }
      }
    }
  }

  /** Leaves the adapter as it is: it is the host's. */
  async close(): Promise<void> {
    await this.#changes.ended()
  }
}

/** The bytes of an object from `start` to before `end`. Undefined for all of it. */
function rangeOf(start: number, end: number): ByteRange | undefined {
  return end < Number.MAX_SAFE_INTEGER ? { start, end: end - 1 } : undefined
}
