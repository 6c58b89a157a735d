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
} from '@lash/attachments-core'
import { LoopYield, physicalName } from '@lash/attachments-core/backend'
import { DirectorySync } from '../disk/directory-sync.ts'
import { Disk } from '../disk/disk.ts'
import { Folders } from '../disk/folders.ts'
import type { Layout } from '../disk/layout.ts'
import { readBlob, statBlob } from '../reading/read.ts'
import { Removal } from '../removal/removal.ts'
import { sweepStaging } from '../removal/stale-staging.ts'
import { listBlobs } from './list.ts'
import { Writer } from './write.ts'

/** See `FileAttachmentStoreOptions.durability`. */
export type Durability = 'full' | 'relaxed'

/** The file system as a backend. */
export class FileDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 'fs'
  readonly returnsBytes = true
  readonly persistence: 'crash-safe' | 'durable'
  /**
   * In this writer's own folder: on the same file system as the bytes, so that a spool file can be linked into place.
   */
  readonly spool: AttachmentSpoolOptions
  readonly #layout: Layout
  readonly #disk: Disk = new Disk()
  readonly #folders: Folders
  readonly #removal: Removal
  readonly #writer: Writer
  /** Small reads and writes run on the calling thread; many in a row must let the event loop have its turn. */
  readonly #loopYield = new LoopYield()
  #swept: Promise<void> | undefined

  constructor(layout: Layout, durability: Durability) {
    this.persistence = durability === 'full' ? 'durable' : 'crash-safe'
    const directories = durability === 'full' ? new DirectorySync(this.#disk) : undefined
    this.#layout = layout
    const folders = new Folders(this.#disk, layout, directories)
    this.#folders = folders
    this.spool = {
      // The folder is made, and checked, only when a body is spooled.
      get directory() {
        return folders.spoolFolder()
      },
    }
    this.#removal = new Removal(this.#disk, layout, this.#folders, directories)
    this.#writer = new Writer(this.#disk, layout, this.#folders, this.#removal, directories)
  }

  async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    options: AttachmentDriverOptions,
  ): Promise<void> {
    while (this.#loopYield.beforeStep() !== undefined) await this.#loopYield.beforeStep()
    const writing = this.#writer.write(key, content, meta, options.signal)
    if (writing !== undefined) await writing
    // Once, after the first put; what it fails to sweep is left for the next store that opens here.
    this.#swept ??= sweepStaging(this.#disk, this.#layout, this.#folders, this.#removal).catch(() => {})
  }

  async read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    while (this.#loopYield.beforeStep() !== undefined) await this.#loopYield.beforeStep()
    return readBlob(this.#disk, this.#layout, key, options)
  }

  async stat(key: AttachmentKey, options: AttachmentDriverOptions): Promise<AttachmentMeta | undefined> {
    options.signal?.throwIfAborted()
    return this.#disk.run(statBlob(this.#disk, this.#layout, key), options.signal)
  }

  remove(keys: readonly AttachmentKey[], options: AttachmentDriverOptions): Promise<void> {
    return this.#removal.remove(keys.map(physicalName), options.signal)
  }

  list(options: AttachmentDriverOptions & { readonly prefix: string }): AsyncIterable<AttachmentListing> {
    return listBlobs(this.#disk, this.#layout, options.prefix, options.signal)
  }

  async close(): Promise<void> {
    await this.#swept
    await this.#disk.run(this.#folders.close())
  }
}
