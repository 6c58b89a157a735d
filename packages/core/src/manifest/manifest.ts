import type { AttachmentContent } from '../content/content.ts'
import type { AttachmentId } from '../content/id.ts'
import type { AttachmentCreateMeta, AttachmentRef } from '../content/meta.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentSignalOptions, AttachmentStore } from '../store/store.ts'

/** That a session is about to put bytes. */
export interface AttachmentIntent {
  attachmentId: AttachmentId
  sessionId: string
  /** `sha256:<id>`. */
  canonicalUri: string
  intentAtEpochMs: number
  /** The session's own metadata of the bytes. */
  meta?: AttachmentCreateMeta
}

/** What the manifest knows of a session's hold on some content: a ref. */
export interface AttachmentManifestEntry extends AttachmentIntent {
  generation: number
  /** When the ref was first committed. A ref is committed when this is set and `releasedAtEpochMs` is not. */
  committedAtEpochMs?: number
  /** When the session let go of it. A ref is live while this is not set. */
  releasedAtEpochMs?: number
}

/** A sweeper's right to delete one copy of some bytes. */
export interface OrphanClaim {
  attachmentId: AttachmentId
  generation: number
  token: string
}

/** What came of an intent and its bytes in one transaction. */
export interface AttachmentIntentAndPut {
  /** That of the intent. */
  generation: number
  /** Whether the copy is there whole. If not, it is damaged, and is to be put as after `recordIntent`. */
  isPut: boolean
}

export interface AttachmentCommitOptions {
  signal?: AbortSignal | undefined
  /**
   * The host's open transaction, in the form that the manifest's backend documents (postgres: a `pg` client). The refs become committed
   * exactly when it commits. Manifests that cannot join a transaction reject it.
   */
  client?: unknown
}

export interface OrphanQuery {
  /** Only content whose refs are all at or before this time: a live one's intent, a released one's release. */
  olderThanEpochMs: number
  /** How many claims at most: 1 to 10,000. */
  limit: number
  /** Take over claims made at or before this time; their sweeper is presumed dead, and nothing breaks if it is not. */
  staleClaimEpochMs?: number | undefined
  /** Only these ids. */
  ids?: readonly AttachmentId[] | undefined
  /** Only content whose refs are all released. */
  releasedOnly?: boolean | undefined
}

/**
 * Who refers to which bytes, written ahead of the bytes, and who may delete them.
 *
 * Every content id has a generation; a copy of the bytes is named by both. A claim gives the right to delete one copy; an
 * intent that meets a claim moves the content to its next generation, so a stalled deleter can only ever delete a name that
 * nobody will use again. **A generation of an id is never used twice.** Safety never depends on a time: ages are policy.
 *
 * Each method but the listings is atomic and linearizable, across processes where the backend is shared. When a method of a durable manifest has
 * resolved, its effect survives a crash of the process and a power cut.
 * Bad arguments are `AttachmentInvalidArgumentError` and change nothing; use after `close()` is `AttachmentClosedError`.
 */
export interface AttachmentManifest extends AsyncDisposable {
  /**
   * Written before the bytes are. Returns the generation to put them at.
   * - Content that is unknown starts at generation 0; content under a claim moves to the next one and loses the claim.
   * - The session's ref becomes live at that generation, with this time and metadata; it stays committed if it was
   *   committed at this generation.
   */
  recordIntent(intent: AttachmentIntent): Promise<number>

  /**
   * Commits all of the refs or none. Each needs a live ref of this session, at its own generation, which is still the content's,
   * under no claim. A ref without `generation` means 0. A bare id stands for the generation of this session's last intent, and is exact
   * while no put of the same bytes by the same session is in flight. Committing again is fine and keeps the first time.
   * @throws AttachmentIntentExpiredError naming every id that failed; then nothing has changed.
   */
  commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options?: AttachmentCommitOptions,
  ): Promise<void>

  /** Releases this session's live refs to the ids; without `ids`, all of them. Bytes stay until a sweep. */
  releaseRefs(sessionId: string, ids?: readonly AttachmentId[]): Promise<void>

  /** The session's ref, released or not, or undefined. A malformed id is undefined. */
  lookup(sessionId: string, id: AttachmentId): Promise<AttachmentManifestEntry | undefined>

  /** Every ref of the session, released ones too until a sweep drops them. */
  listRefs(sessionId: string): AsyncIterable<AttachmentManifestEntry>

  /**
   * Read-only view of what a sweep at that time would take: entries of content that no session has committed and whose refs are all at or
   * before the time. The entries of one content come one after the other.
   */
  listUncommitted(olderThanEpochMs: number): AsyncIterable<AttachmentManifestEntry>

  /**
   * Claims content that has refs, none of them committed, all at or before `olderThanEpochMs`, and no claim (or a stale one); drops
   * those refs. Also drops refs that are released, or old and uncommitted, of content that stays live through another ref.
   * Never returns content that some session could still commit without putting it again.
   */
  claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]>

  /**
   * Claims copies that a store lists and no ref names. A copy below the content's generation is free to delete and is returned
   * with a token that settles nothing. One at or above it is claimed, and the content taken to its generation, when the content has no refs and no claim, or is not known at
   * all. Every other is live and left out; so is one beyond generation 2^51, which no manifest gives: delete it by hand.
   */
  claimBlobs(blobs: readonly AttachmentKey[]): Promise<OrphanClaim[]>

  /**
   * Says that the bytes of the claims are gone. Where a claim's token still stands, the content moves to its next generation,
   * unclaimed; a claim that was taken over, or that an intent met, changes nothing.
   */
  settleClaims(claims: readonly OrphanClaim[]): Promise<void>

  /**
   * Optional, for a manifest whose database also holds the bytes of `store`: does `recordIntent` and writes the content at the
   * generation that it gives, in one transaction. Returns undefined, and does nothing, when `store` is another or the content
   * is better written in two steps; a session-scoped store then takes them one after the other.
   *
   * When it rejects, nothing was put. Whether the intent failed or the bytes did, one transaction does not tell: a
   * session-scoped store makes an `AttachmentManifestRecordError` of it, as when `recordIntent` rejects. What needs a second
   * step is left to the caller, with `isPut` false; should that fail, it is the bytes that failed.
   */
  recordIntentAndPut?(
    store: AttachmentStore,
    intent: AttachmentIntent,
    content: AttachmentContent,
    options: AttachmentSignalOptions,
  ): Promise<AttachmentIntentAndPut> | undefined

  /** Drops every ref to an id and any claim on it, whoever holds them, and moves to the next generation. For operators and tests. */
  forget(id: AttachmentId): Promise<void>

  /** Waits for calls in flight and frees what the manifest opened itself. Idempotent. */
  close(): Promise<void>
}
