import type { AttachmentContent } from '../content/content.ts'
import type { AttachmentId } from '../content/id.ts'
import { type AttachmentMeta, type AttachmentRef, maxGeneration } from '../content/meta.ts'
import type { AttachmentSpoolOptions } from '../content/spool-file.ts'
import type { AttachmentListing, AttachmentStorePersistence } from './store.ts'

/** One physical copy of some bytes. */
export interface AttachmentKey {
  /** Well-formed. */
  readonly id: AttachmentId
  /** A whole number, 0 to 2^52. */
  readonly generation: number
}

export interface AttachmentDriverOptions {
  readonly signal?: AbortSignal | undefined
}

export interface AttachmentDriverReadOptions extends AttachmentDriverOptions {
  /**
   * First byte: a whole number, 0 or more, possibly past the end. Either both or neither of `start` and `end` are
   * given.
   */
  readonly start?: number | undefined
  /** Byte after the last: at least `start`, possibly past the end. */
  readonly end?: number | undefined
  /** False when nobody will compare the bytes with the id, so that a driver need not do so either. */
  readonly verify?: boolean | undefined
}

export interface AttachmentDriverRead {
  /** Of the whole blob, whichever range was asked for. */
  readonly meta: AttachmentMeta
  /**
   * New bytes that the caller owns, or a stream, clipped to the range: plain `Uint8Array`s, no `Buffer`s. A stream has
   * pieces of at most 1 MiB; bytes are cut for those who stream. The errors of a stream are passed on as they are: make
   * them `AttachmentStoreError`s.
   */
  readonly body: Uint8Array | ReadableStream<Uint8Array>
  /**
   * The very `body`, when it needs no comparison with the id: it is a copy of bytes that were `bytes` of the content,
   * or read from its stream in this process, or the driver has just hashed this very body, all of it; and since then
   * nobody but the driver could reach or change them. Never for what comes from a file, a database or a server and was
   * not hashed, and never for the bytes that are kept themselves. Anything but the `body` says nothing, so a wrapper
   * that gives another body does not vouch for it by mistake. One that changes the bytes in place must leave this out.
   */
  readonly verified?: AttachmentDriverRead['body'] | undefined
}

/**
 * What the author of a backend writes; `PortableAttachmentStore` makes an `AttachmentStore` of it.
 *
 * A driver may rely on this: ids are well-formed, generations are whole numbers, and metadata is checked. The id of
 * content is the SHA-256 of its bytes, and its bytes never change. `close()` is called once, when every call has
 * settled but perhaps a step of a listing, and no call comes after it.
 *
 * Any number of calls may come at once, also for the same key, and other instances may be at work on the same data. So
 * a driver must not rely on what it remembers of a key: another instance may have deleted or written it since. It must
 * leave alone what others have staged, unless it can tell that they are dead.
 *
 * A driver must reject with `signal.reason` when it notices an abort. It must reject with an `AttachmentStoreError`
 * where one says more than `AttachmentBackendError`, which any other error is wrapped in. It must never put credentials
 * in a message.
 */
export interface AttachmentDriver {
  readonly specificationVersion: 1
  /** Of the backend, for messages, such as `fs` or `s3`. */
  readonly name: string
  readonly persistence: AttachmentStorePersistence
  readonly spool?: AttachmentSpoolOptions | undefined
  /**
   * True when nothing uses the bytes of content any more once their `write` has resolved: the driver keeps none, no
   * thread reads them, and none wait to be sent. Then a copy between stores frees them at once, whether or not anybody
   * still refers to them. Default false.
   */
  readonly returnsBytes?: boolean

  /**
   * Makes the key hold the content. Must write nothing when the key is there with readable metadata and the right
   * length. Must replace it when either is wrong. A reader must see all of the blob or none of it. When the write of a
   * crash-safe driver has resolved, the bytes must survive a `kill -9` of the process; of a durable one, a power cut
   * too, even if another writer put them there: a name that can be seen may not be synced yet. The content
   * stays the caller's: copy or link a spool file, and never rename it.
   *
   * A write that rejects, also with `signal.reason`, must have made the key hold the content, or have left it as it
   * was, with nothing staged. It must never delete the key to undo itself: by then that may be what another write has
   * made.
   */
  write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    options: AttachmentDriverOptions,
  ): Promise<void>

  /**
   * The blob, or undefined when there is none. `meta` must be a new object with the length that was put, whatever the
   * length of the bytes now: by that the portable store knows damage. Must not verify the digest, which the portable
   * store does.
   */
  read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined>

  /**
   * The metadata of the blob as a new object, with the length of the bytes as stored now. Undefined when there is no
   * blob; one without bytes is a blob.
   */
  stat(key: AttachmentKey, options: AttachmentDriverOptions): Promise<AttachmentMeta | undefined>

  /**
   * Deletes up to 1,000 keys. A key that is not there is fine. A reader must see all of a blob or none of it: never
   * take metadata before the bytes. When this has settled, nothing of it may still be under way, but for a request that
   * a server has had already when the signal aborts. When it rejects, any of the keys may still be there.
   */
  remove(keys: readonly AttachmentKey[], options: AttachmentDriverOptions): Promise<void>

  /**
   * Every blob whose id begins with the prefix, which is well-formed and may be empty; each copy of an id. No staging
   * file, no foreign object. One that is there throughout exactly once, whatever others put and delete meanwhile: a
   * page begins after the last id and generation of the one before, not after so many entries.
   */
  list(options: AttachmentDriverOptions & { readonly prefix: string }): AsyncIterable<AttachmentListing>

  close(): Promise<void>
}

/** The physical name of a copy: `<id>` for generation 0, `<id>.<generation>` for any other. */
export function physicalName({ id, generation = 0 }: AttachmentKey | AttachmentRef): string {
  return generation === 0 ? id : `${id}.${generation}`
}

const physicalNamePattern = /^([0-9a-f]{64})(?:\.([1-9][0-9]{0,15}))?$/

/** The key that a physical name stands for. Undefined when it is no such name. */
export function parsePhysicalName(name: string): AttachmentKey | undefined {
  const match = physicalNamePattern.exec(name)
  if (match === null) return undefined
  const generation = Number(match[2] ?? 0)
  return generation <= maxGeneration ? { id: match[1] as string, generation } : undefined
}
