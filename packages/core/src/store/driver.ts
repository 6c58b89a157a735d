import type { AttachmentContent } from '../content/content.ts'
import type { AttachmentId } from '../content/id.ts'
import { type AttachmentMeta, maxGeneration } from '../content/meta.ts'
import type { AttachmentSpoolOptions } from '../content/spool-file.ts'
import type { AttachmentListing, AttachmentStorePersistence } from './store.ts'

/** One physical copy of some bytes. */
export interface AttachmentKey {
  /** Always well-formed. */
  readonly id: AttachmentId
  /** A whole number, 0 to 2^52. */
  readonly generation: number
}

export interface AttachmentDriverOptions {
  readonly signal?: AbortSignal | undefined
}

export interface AttachmentDriverReadOptions extends AttachmentDriverOptions {
  /** First byte; a whole number, 0 or more, possibly past the end. Given with `end`, or neither. */
  readonly start?: number | undefined
  /** Byte after the last; at least `start`, possibly past the end. */
  readonly end?: number | undefined
}

export interface AttachmentDriverRead {
  /** Of the whole blob, whatever range was asked for. */
  readonly meta: AttachmentMeta
  /**
   * Fresh bytes that the caller owns, or a stream. Clipped to the range. Errors of a stream are passed on as they are: make
   * them `AttachmentStoreError`s.
   */
  readonly body: Uint8Array | ReadableStream<Uint8Array>
}

/**
 * What the author of a backend writes; `PortableAttachmentStore` makes an `AttachmentStore` of it.
 *
 * A driver may rely on: ids are well-formed, generations are whole numbers, metadata is checked, content's id is the
 * SHA-256 of its bytes and its bytes never change, no call comes after `close()`, and `close()` comes once, when every call has
 * settled. Calls come concurrently, also for the same key.
 *
 * A driver must: reject with `signal.reason` when it notices an abort; reject with an `AttachmentStoreError` where one says more
 * than the `AttachmentBackendError` that anything else is wrapped in; never put credentials in a message.
 */
export interface AttachmentDriver {
  readonly specificationVersion: 1
  /** Of the backend, for messages: `fs`, `s3`. */
  readonly name: string
  readonly persistence: AttachmentStorePersistence
  readonly spool?: AttachmentSpoolOptions | undefined

  /**
   * Makes the key hold the content. Must write nothing when the key is there with readable metadata and the right length; must replace
   * it when either is wrong. A reader must see all of it or none. When a durable driver's write has resolved, the bytes
   * survive a power cut, also where another writer put them there: a name seen is not yet a name synced. A write that fails leaves
   * nothing that `read`, `stat` or `list` shows.
   * The content stays the caller's: copy or link a spool file, do not rename it away.
   */
  write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    options: AttachmentDriverOptions,
  ): Promise<void>

  /** The blob, or undefined when there is none. Must not verify the digest: the portable store does. */
  read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined>

  /** Metadata of the blob, with `byteLength` as stored now, or undefined when there is none. */
  stat(key: AttachmentKey, options: AttachmentDriverOptions): Promise<AttachmentMeta | undefined>

  /** Deletes; a key that is not there is fine. Up to 1,000 keys. When it rejects, any of the keys may still be there. */
  remove(keys: readonly AttachmentKey[], options: AttachmentDriverOptions): Promise<void>

  /** Every blob whose id begins with the prefix (well-formed, possibly empty); no staging file, no foreign object. */
  list(options: AttachmentDriverOptions & { readonly prefix: string }): AsyncIterable<AttachmentListing>

  close(): Promise<void>
}

/** Physical name of a copy: `<id>` for generation 0, `<id>.<generation>` otherwise. */
export function physicalName(key: AttachmentKey): string {
  return key.generation === 0 ? key.id : `${key.id}.${key.generation}`
}

const physicalNamePattern = /^([0-9a-f]{64})(?:\.([1-9][0-9]{0,15}))?$/

/** The key that a physical name stands for, or undefined when it is not such a name. */
export function parsePhysicalName(name: string): AttachmentKey | undefined {
  const match = physicalNamePattern.exec(name)
  if (match === null) return undefined
  const generation = Number(match[2] ?? 0)
  return generation <= maxGeneration ? { id: match[1] as string, generation } : undefined
}
