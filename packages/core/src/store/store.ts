import type { AttachmentBody, AttachmentContent } from '../content/content.ts'
import type { AttachmentId } from '../content/id.ts'
import type { AttachmentCreateMeta, AttachmentMeta, AttachmentRef } from '../content/meta.ts'

/** Bytes with what the store knows about them. The caller owns both, and may change them. */
export interface StoredAttachment {
  meta: AttachmentMeta
  bytes: Uint8Array
}

/** As {@link StoredAttachment}, for bytes that are read piece by piece. Read `body` to its end, or cancel it. */
export interface AttachmentStream {
  meta: AttachmentMeta
  body: ReadableStream<Uint8Array>
}

/** One entry of a listing: one physical copy of some bytes. */
export interface AttachmentListing {
  id: AttachmentId
  generation: number
  /** Of damaged bytes: the length that was put, or the length now. */
  byteLength: number
  /** By the backend's clock, in milliseconds since 1970. */
  lastModifiedMs?: number
}

/**
 * What the bytes of a resolved `put` survive.
 *
 * - `ephemeral`: nothing. They are gone with the process, or before.
 * - `crash-safe`: the end of the process, `kill -9` too, and perhaps not a power cut or a crash of the machine. What
 *   such a cut damages is noticed on reading, and never returned.
 * - `durable`: a power cut as well.
 */
export type AttachmentStorePersistence = 'ephemeral' | 'crash-safe' | 'durable'

/**
 * Where a host should keep the bytes of an attachment: in the store, by reference, when they outlive the process there;
 * else inline, in the host's own state. Inline also for a value that is none of these.
 */
export function durabilityTier(persistence: AttachmentStorePersistence): 'inline' | 'durable' {
  return ['crash-safe', 'durable'].includes(persistence) ? 'durable' : 'inline'
}

export interface AttachmentSignalOptions {
  /** When this aborts, the call rejects with `signal.reason`. */
  signal?: AbortSignal | undefined
}

export interface AttachmentPutOptions extends AttachmentSignalOptions {
  /**
   * The copy to write, 0 to 2^52: the generation that the manifest's `recordIntent` gave. Default, without a manifest:
   * 0.
   */
  generation?: number | undefined
}

export interface AttachmentGenerationOptions extends AttachmentSignalOptions {
  /** The copy to look at. Default: generation 0 or, if that is missing, any other. All copies are identical. */
  generation?: number | undefined
}

export interface AttachmentGetOptions extends AttachmentGenerationOptions {
  /**
   * Whether to compare the SHA-256 of what was read with the id. Default true. The length is always compared. A store
   * whose bytes nobody else can reach, as in memory, compares the length alone.
   */
  verify?: boolean | undefined
}

export interface AttachmentStreamOptions extends AttachmentGenerationOptions {
  /** First byte: a whole number, 0 or more. Default 0. When it is past the end, the stream is empty. */
  start?: number | undefined
  /** Byte after the last, as in `Blob.slice` but never negative. Default: the length. */
  end?: number | undefined
}

export interface AttachmentListOptions extends AttachmentSignalOptions {
  /** Beginning of an id, in lower-case hex. */
  prefix?: string | undefined
}

/**
 * Content-addressed storage of attachments. The same bytes have the same id and are stored once.
 *
 * Every implementation guarantees:
 * - a reader sees all of a blob or none of it, never half a write;
 * - when `put` has resolved, the bytes survive what {@link AttachmentStorePersistence} says of the store;
 * - damaged bytes are an `AttachmentCorruptError`, never data;
 * - a put that rejects has stored all or nothing, and taken nothing away: see `put`;
 * - any number of calls may be made at once, and of instances be open over the same data, in one process or in many: an
 *   instance sees what another has done as soon as that call has resolved, and to open or close one disturbs no other;
 * - metadata and entries of a listing are new objects for each call, and generations are exact up to 2^52;
 * - a malformed id reaches no path, key or query: `get` and `stream` do not find it, `stat` returns `undefined`,
 *   `delete` does nothing.
 *
 * All methods but the synchronous ones reject with `AttachmentClosedError` after `close()`.
 */
export interface AttachmentStore extends AsyncDisposable {
  readonly persistence: AttachmentStorePersistence
  /** The largest body that `put` takes, in bytes, if there is a known limit. */
  readonly maxByteLength?: number | undefined

  /**
   * Reads a body once, hashes it, and holds it in memory or, when it is a big stream, in a spool file. Stores nothing.
   * Give the result to `put`, and dispose of it afterwards.
   * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, or the error of the source.
   */
  prepare(body: AttachmentBody, options?: AttachmentSignalOptions): Promise<AttachmentContent>

  /**
   * Stores the bytes. If they are there already, nothing is written and the metadata of the first put stays; but a copy
   * with the wrong length or unreadable metadata is replaced, with its metadata, and meanwhile readers get an error of
   * damage or the whole blob. Of puts that overlap, the metadata of any one of them stays, whole. From the moment one
   * of them has resolved, every reader finds the bytes. An array is copied before the first await. The returned ref has
   * the metadata of this call.
   *
   * A put that rejects, because it was aborted or failed, has stored the whole blob with its metadata, or nothing. What
   * was there stays as it was, and so does what another put has stored. Nothing is stored when the signal had aborted
   * before the call, or when the source was not read to its end. Otherwise the caller cannot know which it is: the
   * backend may have had the request already and, over a network, may carry it out a little later. To put again is
   * harmless.
   * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, or the error of the source.
   */
  put(body: AttachmentBody, meta: AttachmentCreateMeta, options?: AttachmentPutOptions): Promise<AttachmentRef>

  /**
   * All of the bytes: as many as `meta.byteLength` says, which is the length that was put.
   * @throws AttachmentNotFoundError, AttachmentCorruptError, AttachmentMissingMetaError, AttachmentMetadataDecodeError;
   * AttachmentInvalidArgumentError when one array cannot hold so many bytes: `stream` them.
   */
  get(id: AttachmentId, options?: AttachmentGetOptions): Promise<StoredAttachment>

  /**
   * As `get`, in pieces of at most 1 MiB, between which a reader may stop and an abort counts. A whole blob is verified
   * as it passes: if it is damaged, the stream errors with `AttachmentCorruptError` before the last chunk. Of a range,
   * only the length can be verified.
   */
  stream(id: AttachmentId, options?: AttachmentStreamOptions): Promise<AttachmentStream>

  /**
   * What the store knows about the bytes, or undefined. Reads no bytes and verifies none. `byteLength` is that of the
   * bytes as they are stored now: of damaged bytes it may not be the length that was put.
   * @throws AttachmentMissingMetaError, AttachmentMetadataDecodeError.
   */
  stat(id: AttachmentId, options?: AttachmentGenerationOptions): Promise<AttachmentMeta | undefined>

  /**
   * Every blob, in no particular order. A blob that is there throughout is listed exactly once. One that is put or
   * deleted meanwhile may or may not be listed.
   */
  list(options?: AttachmentListOptions): AsyncIterable<AttachmentListing>

  /**
   * Deletes the copy of the given generation or, without one, every copy. Unconditional and idempotent: whoever refers
   * to the bytes loses them. Meanwhile a reader gets all of a copy or finds nothing. When this has resolved, nothing of
   * it is left to do: what is put from then on stays. When it rejects, because it was aborted or failed, it has deleted
   * or not, and does so no later; but a server that has had the request already may carry it out a little later, and
   * take what was put meanwhile. Prefer `reclaimOrphanedAttachments`, or `delete` of a session-scoped store.
   */
  delete(id: AttachmentId, options?: AttachmentGenerationOptions): Promise<void>

  /**
   * Ids that were put through this store and not yet marked, for a host that commits bare ids. Never one whose put is
   * in flight. Always empty for a plain store.
   */
  pendingManifestCommitIds(): AttachmentId[]

  /** Takes ids off {@link pendingManifestCommitIds}, once the host has committed them. A plain store does nothing. */
  markManifestCommitted(ids: readonly AttachmentId[]): void

  /**
   * Waits for calls in flight, each of which does its work or fails with `AttachmentClosedError`, and frees what the
   * store opened itself: files, connections, timers, threads. Idempotent. It does not wait for sources and readers:
   * streams that are still open fail with `AttachmentClosedError`, and so do the next step of a listing and a put whose
   * source is still being read. Await first the puts that should succeed.
   */
  close(): Promise<void>
}
