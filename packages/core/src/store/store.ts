import type { AttachmentBody, AttachmentContent } from '../content/content.ts'
import type { AttachmentId } from '../content/id.ts'
import type { AttachmentCreateMeta, AttachmentMeta, AttachmentRef } from '../content/meta.ts'

/** Bytes with what the store knows of them. The caller owns `bytes`. */
export interface StoredAttachment {
  meta: AttachmentMeta
  bytes: Uint8Array
}

/** As {@link StoredAttachment}, for bytes that are read piece by piece. Read `body` to its end or cancel it. */
export interface AttachmentStream {
  meta: AttachmentMeta
  body: ReadableStream<Uint8Array>
}

/** One blob of a listing: one physical copy of the bytes. */
export interface AttachmentListing {
  id: AttachmentId
  generation: number
  byteLength: number
  /** By the backend's clock, in milliseconds since 1970. */
  lastModifiedMs?: number
}

/** Whether bytes survive the process that put them. */
export type AttachmentStorePersistence = 'ephemeral' | 'durable'

/**
 * Where a host should keep the bytes of an attachment: by reference when the store is durable, inline in its own state when
 * they would be gone with the process.
 */
export function durabilityTier(persistence: AttachmentStorePersistence): 'inline' | 'durable' {
  return persistence === 'durable' ? 'durable' : 'inline'
}

export interface AttachmentSignalOptions {
  /** When it aborts, the call rejects with `signal.reason`. */
  signal?: AbortSignal | undefined
}

export interface AttachmentPutOptions extends AttachmentSignalOptions {
  /** The copy to write. A manifest's `recordIntent` says which, 0 to 2^52; without a manifest: 0, the default. */
  generation?: number | undefined
}

export interface AttachmentGenerationOptions extends AttachmentSignalOptions {
  /** The copy to look at. Without it: generation 0 or, where that is missing, any other. All copies are identical. */
  generation?: number | undefined
}

export interface AttachmentGetOptions extends AttachmentGenerationOptions {
  /** Compare the SHA-256 of what was read with the id. Default true; the length is always compared. */
  verify?: boolean | undefined
}

export interface AttachmentStreamOptions extends AttachmentGenerationOptions {
  /** First byte, 0 by default. Whole, not negative. Past the end: an empty stream. */
  start?: number | undefined
  /** Byte after the last, the length by default. As in `Blob.slice`, but never negative. */
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
 * - a reader observes all of a blob or none of it, never half a write;
 * - when `put` of a `durable` store has resolved, the bytes survive a crash of the process and a power cut;
 * - damaged bytes are `AttachmentCorruptError`, never data;
 * - a put that fails or is aborted leaves nothing that a reader can see;
 * - a malformed id is not found to `get` and `stream`, `undefined` to `stat`, nothing to `delete`, and reaches no path, key or query.
 *
 * All methods but the synchronous ones reject with `AttachmentClosedError` after `close()`.
 */
export interface AttachmentStore extends AsyncDisposable {
  readonly persistence: AttachmentStorePersistence
  /** The largest body that `put` takes, in bytes, where a limit is known. */
  readonly maxByteLength?: number | undefined

  /**
   * Reads a body once: hashes it and holds it in memory or, when it is a big stream, in a spool file. Stores nothing.
   * Give the result to `put`, and dispose of it afterwards.
   * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, or what the source itself failed with.
   */
  prepare(body: AttachmentBody, options?: AttachmentSignalOptions): Promise<AttachmentContent>

  /**
   * Stores the bytes. Of bytes that are there already nothing is written, and the metadata of the first put stays, unless what
   * is there has the wrong length or unreadable metadata: then it is replaced. Bytes given as an array are copied before the
   * first await. The ref that it returns has the metadata of this call.
   * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, or what a source stream itself failed with.
   */
  put(body: AttachmentBody, meta: AttachmentCreateMeta, options?: AttachmentPutOptions): Promise<AttachmentRef>

  /**
   * @throws AttachmentNotFoundError, AttachmentCorruptError, AttachmentMissingMetaError, AttachmentMetadataDecodeError,
   * AttachmentInvalidArgumentError when one array cannot hold so many bytes: `stream` them.
   */
  get(id: AttachmentId, options?: AttachmentGetOptions): Promise<StoredAttachment>

  /**
   * Like `get`, piece by piece. A whole stream is verified as it passes: damage errors the stream with
   * `AttachmentCorruptError` before its last chunk. Of a range only the length can be verified.
   */
  stream(id: AttachmentId, options?: AttachmentStreamOptions): Promise<AttachmentStream>

  /** What is known of the id, or undefined. Reads no bytes and verifies none. */
  stat(id: AttachmentId, options?: AttachmentGenerationOptions): Promise<AttachmentMeta | undefined>

  /**
   * Every blob, in no particular order. A blob that is there throughout is listed exactly once; one put or deleted meanwhile
   * may be or not.
   */
  list(options?: AttachmentListOptions): AsyncIterable<AttachmentListing>

  /**
   * Deletes the bytes, unconditionally and idempotently; without `generation`, every copy. Whoever refers to them loses them:
   * prefer `reclaimOrphanedAttachments`, or `delete` of a session-scoped store.
   */
  delete(id: AttachmentId, options?: AttachmentGenerationOptions): Promise<void>

  /**
   * Ids that were put through this store and not yet marked, for a host that commits bare ids; never one whose put is in
   * flight. Plain stores: always empty.
   */
  pendingManifestCommitIds(): AttachmentId[]

  /** Takes ids off {@link pendingManifestCommitIds}, once the host has committed them. Plain stores: nothing. */
  markManifestCommitted(ids: readonly AttachmentId[]): void

  /**
   * Waits for calls in flight, and frees what the store opened itself. Waits for nobody else: streams still open fail, and so does a put
   * whose source is still being read, with `AttachmentClosedError`; await puts first that should end well. Idempotent.
   */
  close(): Promise<void>
}
