import { setImmediate as turn } from 'node:timers/promises'
import {
  type AttachmentContent,
  type AttachmentDriver,
  type AttachmentDriverOptions,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentId,
  type AttachmentKey,
  type AttachmentListing,
  type AttachmentMeta,
  AttachmentMetadataDecodeError,
  AttachmentMissingMetaError,
} from '@lash/attachments-core'
import { abortable, parsePhysicalName, physicalName, streamOf } from '@lash/attachments-core/backend'

/** What a shelf keeps under one name. */
export interface Item {
  bytes: Uint8Array
  /** As JSON. */
  meta: string | undefined
}

/** Stands for a disk: it outlives the stores that are opened on it. */
export class Shelf {
  readonly items: Map<string, Item> = new Map()
  readonly staged: Map<string, Uint8Array> = new Map()
  /** While set, every access fails with it. */
  failure: Error | undefined
  /** While set, every access waits for it. */
  stalled: Promise<void> | undefined
  handleOpen = true
  readonly #ends: (() => void)[] = []
  #names = 0

  async access(signal?: AbortSignal): Promise<void> {
    if (this.stalled !== undefined) await abortable(this.stalled, signal)
    if (this.failure !== undefined) throw this.failure
  }

  /** Calls the function when the case is over: it frees what a sabotaged store has left open. */
  atTheEnd(free: () => void): void {
    this.#ends.push(free)
  }

  end(): void {
    for (const free of this.#ends.splice(0)) free()
  }

  newStagingName(name: string): string {
    this.#names++
    return `${name}~${this.#names}`
  }
}

const chunkBytes = 64 * 1024

/** A correct driver, which stages in small steps as a real one does. Each sabotaged driver changes one thing. */
export class ShelfDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name: string = 'shelf'
  readonly persistence = 'durable'
  protected readonly shelf: Shelf

  constructor(shelf: Shelf) {
    this.shelf = shelf
  }

  async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    await this.shelf.access(signal)
    if (this.isPresent(key, content)) return
    const name = physicalName(key)
    const staging = this.stagingName(name)
    try {
      const bytes = await this.stage(staging, content, signal)
      this.publish(name, { bytes, meta: this.encode(meta) })
    } finally {
      this.shelf.staged.delete(staging)
    }
  }

  protected isPresent(key: AttachmentKey, content: AttachmentContent): boolean {
    const item = this.shelf.items.get(physicalName(key))
    return item?.bytes.byteLength === content.byteLength && isReadable(item.meta)
  }

  protected stagingName(name: string): string {
    return this.shelf.newStagingName(name)
  }

  protected async stage(
    staging: string,
    content: AttachmentContent,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const bytes = new Uint8Array(content.byteLength)
    let length = 0
    for await (const chunk of content.stream()) {
      signal?.throwIfAborted()
      bytes.set(chunk, length)
      length += chunk.byteLength
      this.shelf.staged.set(staging, bytes.subarray(0, length))
      await turn()
    }
    return bytes
  }

  protected publish(name: string, item: Item): void {
    this.shelf.items.set(name, item)
  }

  protected encode(meta: AttachmentMeta): string {
    return JSON.stringify(meta)
  }

  async read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    await this.shelf.access(options.signal)
    const item = this.shelf.items.get(physicalName(key))
    if (item === undefined) return undefined
    const meta = this.decode(key.id, item)
    const bytes = item.bytes.subarray(options.start ?? 0, options.end)
    return { meta, body: this.bodyOf(bytes) }
  }

  protected bodyOf(bytes: Uint8Array): Uint8Array | ReadableStream<Uint8Array> {
    return streamOf(bytes, chunkBytes)
  }

  async stat(key: AttachmentKey, options?: AttachmentDriverOptions): Promise<AttachmentMeta | undefined> {
    await this.shelf.access(options?.signal)
    const item = this.shelf.items.get(physicalName(key))
    if (item === undefined) return undefined
    return { ...this.decode(key.id, item), byteLength: item.bytes.byteLength }
  }

  protected decode(id: AttachmentId, item: Item): AttachmentMeta {
    if (item.meta === undefined) throw new AttachmentMissingMetaError(id, `no metadata of ${id}`)
    try {
      return JSON.parse(item.meta)
    } catch (cause) {
      throw new AttachmentMetadataDecodeError(id, `bad metadata of ${id}`, { cause })
    }
  }

  async remove(keys: readonly AttachmentKey[], options?: AttachmentDriverOptions): Promise<void> {
    await this.shelf.access(options?.signal)
    for (const key of keys) this.shelf.items.delete(physicalName(key))
  }

  async *list({
    prefix,
    signal,
  }: AttachmentDriverOptions & { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    await this.shelf.access(signal)
    for (const [name, item] of [...this.shelf.items]) {
      const key = parsePhysicalName(name)
      if (key?.id.startsWith(prefix)) yield { ...key, byteLength: item.bytes.byteLength }
    }
  }

  async close(): Promise<void> {}
}

function isReadable(meta: string | undefined): boolean {
  return meta?.startsWith('{') === true
}
