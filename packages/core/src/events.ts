import type { AttachmentId } from './content/id.ts'
import type { AttachmentRef } from './content/meta.ts'
import type { AttachmentManifest } from './manifest/manifest.ts'
import type { AttachmentStore, StoredAttachment } from './store/store.ts'
import type { AttachmentAuditReport, AttachmentReclamationReport, AttachmentSweepOptions } from './sweep/sweep.ts'

/**
 * What goes over the tracing channels `lash-attachments:put`, `:get`, `:commit`, `:sweep` and `:audit` of
 * `node:diagnostics_channel`. Each call has one event: an object that goes through `start` and `end` while the call
 * begins, and through `asyncStart` and `asyncEnd` when it has ended, after `error` when it has failed. Change nothing
 * of it: what it names is in use.
 */
export interface AttachmentEvents {
  put: AttachmentPutEvent
  get: AttachmentGetEvent
  commit: AttachmentCommitEvent
  sweep: AttachmentSweepEvent
  audit: AttachmentAuditEvent
}

/** A store, or a session's view of one: then it says of which session and holder. */
export type AttachmentEventStore = AttachmentStore & {
  readonly inner?: AttachmentStore
  readonly sessionId?: string
  readonly holder?: string | undefined
}

/** A `put` of a session or, without a session, of a store. A call is one event, and never both. */
export interface AttachmentPutEvent {
  /** What was called. */
  store: AttachmentEventStore
  /** What the call has resolved with. */
  result?: AttachmentRef | undefined
  /** What the call has rejected with. */
  error?: unknown
}

/**
 * A `get` or a `stream` of a session or, without a session, of a store. A stream has ended when its body has: when it
 * was read to the end or cancelled, or has failed, as a damaged one does.
 */
export interface AttachmentGetEvent {
  /** What was called. */
  store: AttachmentEventStore
  /** As the caller gave it. It may be malformed. */
  id: AttachmentId
  /** Of a `stream`: how many bytes were read of it until now. Undefined for `get`. */
  readByteLength?: number | undefined
  /** What `get` has resolved with. Undefined for `stream`. */
  result?: StoredAttachment | undefined
  /** What the call has rejected with, or the stream failed with. */
  error?: unknown
}

/** A `commit` of a session, when it has refs to commit. */
export interface AttachmentCommitEvent {
  /** The view of the session. */
  store: AttachmentEventStore
  refs: readonly AttachmentRef[]
  /** Whether it is part of a transaction of the host (`client`), which may still roll back. */
  inTransaction: boolean
  /** What the call has rejected with. */
  error?: unknown
}

/** A `reclaimOrphanedAttachments`. */
export interface AttachmentSweepEvent {
  store: AttachmentStore
  manifest: AttachmentManifest
  /** In milliseconds since 1970. */
  olderThanEpochMs: number
  options: AttachmentSweepOptions & { dryRun?: boolean | undefined }
  /** What the call has resolved with. It may do so with deletes that have failed: see `failures`. */
  result?: AttachmentReclamationReport | undefined
  /** What the call has rejected with. */
  error?: unknown
}

/** A `reclaimUnreferencedAttachments`. */
export interface AttachmentAuditEvent extends AttachmentSweepEvent {
  /** What the call has resolved with. It may do so with deletes that have failed: see `failures`. */
  result?: AttachmentAuditReport | undefined
}
