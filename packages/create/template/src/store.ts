import {
  type AttachmentContent,
  type AttachmentDriver,
  type AttachmentDriverOptions,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentKey,
  type AttachmentListing,
  type AttachmentMeta,
  PortableAttachmentStore,
  type PortableAttachmentStoreOptions,
} from '@lash/attachments-core'
import { connect, type MyBackendConnection, type MyBackendOptions } from './connection.ts'

export type MyBackendAttachmentStoreOptions = MyBackendOptions & PortableAttachmentStoreOptions

export class MyBackendAttachmentStore extends PortableAttachmentStore {
  constructor(options: MyBackendAttachmentStoreOptions) {
    super(new MyBackendDriver(options), options)
  }
}

/**
 * The comments of `AttachmentDriver` are the contract. `@lash/attachments-core/backend` has what every driver needs:
 * `physicalName` and `parsePhysicalName` for keys, `encodeStoredMeta` and `decodeStoredMeta` for metadata.
 */
class MyBackendDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 'my-backend'
  /** `durable` if what was written survives a power cut, too; `ephemeral` if it is gone with the process. */
  readonly persistence = 'crash-safe'
  readonly #connection: MyBackendConnection

  constructor(options: MyBackendOptions) {
    this.#connection = connect(options)
  }

  async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    options: AttachmentDriverOptions,
  ): Promise<void> {
    throw new Error(
      'write() in src/store.ts is not written yet: put the bytes of content.stream() and encodeStoredMeta(meta) under ' +
        'physicalName(key), in one step, so that nobody sees half of it; before that step, ' +
        'options.signal?.throwIfAborted(). Write nothing when the key has readable metadata and content.byteLength bytes',
    )
  }

  async read(
    key: AttachmentKey,
    { start, end, signal }: AttachmentDriverReadOptions,
  ): Promise<AttachmentDriverRead | undefined> {
    throw new Error(
      'read() in src/store.ts is not written yet: give { meta: decodeStoredMeta(key, text), body } with the bytes from ' +
        'start to before end, in an array of their own or as a stream; undefined when there is no such key',
    )
  }

  async stat(key: AttachmentKey, { signal }: AttachmentDriverOptions): Promise<AttachmentMeta | undefined> {
    throw new Error(
      'stat() in src/store.ts is not written yet: give decodeStoredMeta(key, text, byteLength) with the length of the ' +
        'bytes as they are now; undefined when there is no such key',
    )
  }

  async remove(keys: readonly AttachmentKey[], { signal }: AttachmentDriverOptions): Promise<void> {
    throw new Error(
      'remove() in src/store.ts is not written yet: delete up to 1,000 keys, of which any may not be there',
    )
  }

  list({ prefix, signal }: AttachmentDriverOptions & { prefix: string }): AsyncIterable<AttachmentListing> {
    throw new Error(
      'list() in src/store.ts is not written yet: make it `async *list`, go through the names page by page, and yield ' +
        '{ ...key, byteLength } of each that parsePhysicalName knows and whose id begins with prefix',
    )
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }
}
