import type { AttachmentContent } from '../content/content.ts'
import type { AttachmentId } from '../content/id.ts'
import type { AttachmentCreateMeta, AttachmentRef } from '../content/meta.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentSignalOptions, AttachmentStore } from '../store/store.ts'

/** A note that a session is about to put bytes. */
export interface AttachmentIntent {
  attachmentId: AttachmentId
  sessionId: string
  /**
   * Who in the session holds the bytes: a message, a draft, a tool call. At most 512 characters of well-formed Unicode
   * without NUL; default `''`.
   */
  holder?: string | undefined
  /** `sha256:<id>`. */
  canonicalUri: string
  /** The length of the bytes: a whole number, 0 or more. */
  byteLength: number
  /** When, by the clock of whoever puts: any safe whole number of milliseconds since 1970, negative ones too. */
  intentAtEpochMs: number
  /** What the holder itself says about the bytes. */
  meta?: AttachmentCreateMeta
}

/** A ref: what the manifest knows about the hold that one holder in a session has on some content. */
export interface AttachmentManifestEntry extends Omit<AttachmentIntent, 'byteLength'> {
  holder: string
  generation: number
  /** Absent from a ref that was recorded before manifests kept lengths, until its next intent. */
  byteLength?: number
  /** When the ref was first committed. A ref is committed if this is set and `releasedAtEpochMs` is not. */
  committedAtEpochMs?: number
  /** When it was released. A ref is live while this is not set. */
  releasedAtEpochMs?: number
}

/** Where content that the manifest does not know starts. */
export interface AttachmentFloorRecord {
  floor: number
}

/**
 * What a manifest knows of some content: it has refs, or it is under a claim, or it is a tombstone. Of content with
 * many refs several records come one after the other, each with some of them.
 */
export interface AttachmentContentRecord {
  attachmentId: AttachmentId
  generation: number
  /** Since when a sweeper may delete the copy at `generation`. Then there are no refs. */
  claimedAtEpochMs?: number
  /** Since when it has neither refs nor a claim, only a generation to remember. */
  emptiedAtEpochMs?: number
  /** All at `generation`. */
  refs: readonly AttachmentManifestEntry[]
}

/** A part of what a manifest knows, as another one takes it over. Plain JSON. */
export type AttachmentManifestRecord = AttachmentFloorRecord | AttachmentContentRecord

/** The right of one sweeper to delete one copy of some bytes. */
export interface OrphanClaim {
  attachmentId: AttachmentId
  generation: number
  /** Not empty, and never given twice. */
  token: string
}

/** The result of one transaction for an intent and its bytes. */
export interface AttachmentIntentAndPut {
  /** The generation of the intent. */
  generation: number
  /** Whether the copy is now stored whole. If not, put the bytes, as after `recordIntent`. */
  isPut: boolean
}

export interface AttachmentHolderOptions {
  /** Only the refs of this holder. Without it, those of every holder of the session. */
  holder?: string | undefined
}

export interface AttachmentReleaseOptions extends AttachmentHolderOptions {
  /** Leave committed refs as they are. Default false. */
  uncommittedOnly?: boolean | undefined
}

export interface AttachmentCommitOptions {
  /** Whose refs are committed. Default `''`. */
  holder?: string | undefined
  signal?: AbortSignal | undefined
  /**
   * The host's open transaction, in the form that the manifest documents (postgres: a `pg` client). The refs become
   * committed exactly when it commits. A manifest that cannot join a transaction refuses it.
   */
  client?: unknown
}

export interface AttachmentClaimBlobsOptions {
  /** Return what would be claimed, and change nothing. The tokens settle nothing. Default false. */
  dryRun?: boolean | undefined
}

export interface OrphanQuery {
  /**
   * Only content whose refs are all at or before this time. The time of a live ref is its intent, of a released one its
   * release, even one before the intent.
   */
  olderThanEpochMs: number
  /** The most claims to return, new ones and takeovers together: 1 to 10,000. Which ones is up to the manifest. */
  limit: number
  /** Take over claims made at or before this time. Their sweeper is presumed dead; if it is not, nothing breaks. */
  staleClaimEpochMs?: number | undefined
  /** Only these ids, also of takeovers. With none of them well-formed, nothing is claimed. */
  ids?: readonly AttachmentId[] | undefined
  /**
   * Of what has refs, claim only content whose refs are all released, and drop no ref of other content. Takeovers stay
   * as they are: content under a claim has no refs. Default false.
   */
  releasedOnly?: boolean | undefined
}

/**
 * Who refers to which bytes, recorded before the bytes are written, and who may delete them.
 *
 * Every content id has a generation, and each copy of the bytes is named by the id and a generation. A claim gives the
 * right to delete one copy. An intent that meets a claim moves the content to its next generation, so a stalled deleter
 * can only delete a name that nobody will use again. **A generation of an id is never used twice.** Safety never
 * depends on a time: ages are policy.
 *
 * Each method but the listings is atomic and linearizable, across processes if the backend is shared: nobody sees a
 * commit, a release or a settlement of several contents half done. What a sweeper calls, `claimOrphans`, `claimBlobs`
 * and `settleClaims`, may be done in several such steps, of whole contents, where there are more than a hundred
 * contents, where other writers are in the way, or where the backend takes no more at once. So may `releaseRefs` and
 * `forget`, but only of more than the backend takes at once; a commit of more is refused. A call in steps that rejects
 * may have done a part of them; it may be repeated. A listing is no one view: it gives every ref that is there from its
 * beginning to its end once.
 *
 * When a method of a durable manifest has resolved, its effect survives a crash of the process and a power cut. After
 * `close()`, every method rejects with `AttachmentClosedError`, and so does a listing under way, at its next entry.
 *
 * Bad arguments are refused with `AttachmentInvalidArgumentError` and change nothing. A malformed id is a bad argument
 * of `recordIntent` and `commitRefs`. Every other method takes it for content that nobody has, and does what it is
 * asked for the others: of malformed ids alone nothing is released, claimed, settled or forgotten. A time is a safe
 * whole number of milliseconds since 1970, and may be negative.
 */
export interface AttachmentManifest extends AsyncDisposable {
  /**
   * Comes before the bytes are put. Returns the generation to put them at.
   * - Unknown content starts at the manifest's floor: 0, until the generations of some content were forgotten. Content
   *   under a claim moves to its next generation and loses the claim.
   * - The ref of this holder in this session becomes live at that generation, with this time. If it was committed at
   *   that generation, it stays committed and keeps its metadata. Otherwise it gets the metadata of this intent.
   */
  recordIntent(intent: AttachmentIntent): Promise<number>

  /**
   * Commits all of the refs or none. For each, the holder needs a live ref at that generation, it must still be the
   * content's generation, and the content must be under no claim. A ref without `generation` means 0. A bare id stands
   * for the generation of this holder's last intent; it is exact while this holder has no put of the same bytes in
   * flight. Only id and generation of a ref count: whatever else it says is ignored, so nothing that a client has sent
   * is stored. That the bytes are there is known of a ref that `put`, `adopt` or `ref` of a session-scoped store gave.
   * To commit again is fine, and keeps the time of the first commit.
   * @throws AttachmentIntentExpiredError with every id that failed; then nothing has changed.
   */
  commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options?: AttachmentCommitOptions,
  ): Promise<void>

  /**
   * Releases live refs to the ids or, without `ids`, all of them: those of one holder or, without `holder`, of every
   * holder of the session. An empty list releases nothing. What is released already keeps its time, and what is not
   * held is left out. The bytes stay until a sweep.
   */
  releaseRefs(sessionId: string, ids?: readonly AttachmentId[], options?: AttachmentReleaseOptions): Promise<void>

  /**
   * The ref of the holder, released or not. Undefined when there is none, and for a malformed id. Without `holder`, one
   * ref of the session: a committed one before an uncommitted one before a released one, then the one with the oldest
   * intent.
   */
  lookup(
    sessionId: string,
    id: AttachmentId,
    options?: AttachmentHolderOptions,
  ): Promise<AttachmentManifestEntry | undefined>

  /** Every ref of the session, or of one holder in it. Released ones too, until a sweep drops them. */
  listRefs(sessionId: string, options?: AttachmentHolderOptions): AsyncIterable<AttachmentManifestEntry>

  /**
   * What a sweep at that time would take: the refs of content that nobody has committed and whose refs are all at
   * or before the time. Changes nothing. The refs of one content come one after the other.
   */
  listUncommitted(olderThanEpochMs: number): AsyncIterable<AttachmentManifestEntry>

  /**
   * Claims content that has refs, none of them committed, all at or before `olderThanEpochMs`, and drops these refs.
   * Takes over stale claims, at their generation and with a new token; the old one settles nothing any more. Of other
   * content, drops the refs that are uncommitted or released, and at or before `olderThanEpochMs`. At the limit it
   * stops, and leaves the rest to the next call. Content under a claim has no refs, so a session can never commit what
   * was returned here without putting it again.
   */
  claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]>

  /**
   * Claims copies that a store lists and no ref names. A copy below the content's generation, or of unknown content
   * below the floor, may be deleted, and is returned with a token that settles nothing. A copy at or above it is
   * claimed if the content has no refs and no claim, or is unknown; this moves the content to the copy's generation. Of
   * several copies of such content, the one at the highest generation is claimed, and the others are then below it.
   * Every other copy is live and is left out. So is one beyond generation 2^51, which no manifest gives: delete that by
   * hand. A copy that is named twice is one.
   */
  claimBlobs(blobs: readonly AttachmentKey[], options?: AttachmentClaimBlobsOptions): Promise<OrphanClaim[]>

  /**
   * Says that the bytes of the claims have been deleted. If the token of a claim still stands, the content moves to its
   * next generation and is unclaimed. A claim that was taken over, that an intent has met, or that was settled before,
   * changes nothing, and neither does a token that is unknown or of other content.
   */
  settleClaims(claims: readonly OrphanClaim[]): Promise<void>

  /**
   * Optional, for a manifest whose database also holds the bytes of `store`: one transaction does `recordIntent` and
   * writes the content at the generation that it gives. Returns undefined, and does nothing, when the store is another,
   * or when the content is better written in two steps. A session-scoped store then takes these two steps.
   *
   * When this rejects, nothing was put. One transaction does not tell whether the intent failed or the bytes, so a
   * session-scoped store rejects with `AttachmentManifestRecordError`, as when `recordIntent` rejects. A manifest that
   * would need a second step for the bytes leaves it to the caller, with `isPut` false. If that step fails, it is the
   * bytes that failed.
   */
  recordIntentAndPut?(
    store: AttachmentStore,
    intent: AttachmentIntent,
    content: AttachmentContent,
    options: AttachmentSignalOptions,
  ): Promise<AttachmentIntentAndPut> | undefined

  /**
   * Drops every ref to the id and any claim on it, whoever holds them, and moves the content to its next generation.
   * Does nothing to unknown content. For operators and tests.
   */
  forget(id: AttachmentId): Promise<void>

  /**
   * Everything that the manifest knows, for another one to take over: first the floor, then content by content. It is
   * no one view, so let sessions and sweeps end before: of what changes meanwhile, the copy knows nothing, or is
   * refused. Changes nothing.
   */
  exportContents(options?: AttachmentSignalOptions): AsyncIterable<AttachmentManifestRecord>

  /**
   * Takes over what another manifest has exported: refs with their holders, times, metadata and generations, the
   * generations of tombstones, and the floor, so that no generation is used twice. What is under a claim there becomes
   * a tombstone at its next generation: a deleter that has stalled deletes a copy that nobody uses here.
   *
   * All or nothing: when it rejects, this manifest is as empty as before and the import may be repeated. Until it has
   * resolved, other calls wait, find the manifest empty, or are refused. Where a process is killed in the middle, a
   * manifest that takes steps refuses every call but another import, which begins by removing what is there.
   * @throws AttachmentInvalidArgumentError when this manifest has ever known anything, or when the records are not what
   * `exportContents` gives, each once. What their source throws is thrown as it is.
   */
  importContents(records: AsyncIterable<AttachmentManifestRecord>, options?: AttachmentSignalOptions): Promise<void>

  /** Waits for calls in flight, and frees what the manifest opened itself. Idempotent. */
  close(): Promise<void>
}
