import {
  AttachmentClosedError,
  type AttachmentCommitOptions,
  type AttachmentId,
  type AttachmentIntent,
  AttachmentIntentExpiredError,
  AttachmentInvalidArgumentError,
  type AttachmentKey,
  type AttachmentManifest,
  type AttachmentManifestEntry,
  type AttachmentRef,
  type OrphanClaim,
  type OrphanQuery,
} from '@lash/attachments-core'
import {
  checkBlobs,
  checkCommit,
  checkIntent,
  checkOrphanQuery,
  checkSessionId,
  checkTime,
} from '@lash/attachments-core/backend'
import { entryOf } from './content-row.ts'
import { isOrphan, Ledger } from './ledger.ts'

const defaultTombstoneRetentionMs = 30 * 24 * 60 * 60 * 1000

export interface InMemoryAttachmentManifestOptions {
  /** The clock for claims, commits and releases, in milliseconds since 1970. Default `Date.now`. For tests. */
  now?: (() => number) | undefined
  /**
   * How long the generation of content that nobody refers to is remembered, in milliseconds, 0 or more. Default 30 days. It must be longer than
   * any sweeper can stall between its claim and its delete.
   */
  tombstoneRetentionMs?: number | undefined
}

/**
 * A manifest in the memory of this process, gone with it. Each operation is one synchronous block, and so atomic. See
 * `AttachmentManifest` for what it guarantees.
 *
 * It cannot join a host's transaction: `commitRefs` with `client` rejects with `AttachmentInvalidArgumentError`.
 */
export class InMemoryAttachmentManifest implements AttachmentManifest {
  readonly #ledger: Ledger
  #closed = false

  constructor(options: InMemoryAttachmentManifestOptions = {}) {
    const { now = Date.now, tombstoneRetentionMs = defaultTombstoneRetentionMs } = options
    if (!(tombstoneRetentionMs >= 0)) {
      throw new AttachmentInvalidArgumentError('tombstoneRetentionMs must be a number of milliseconds, 0 or more')
    }
    this.#ledger = new Ledger(now, tombstoneRetentionMs)
  }

  async recordIntent(intent: AttachmentIntent): Promise<number> {
    this.#assertOpen()
    return this.#ledger.recordIntent(checkIntent(intent))
  }

  async commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: AttachmentCommitOptions = {},
  ): Promise<void> {
    this.#assertOpen()
    options.signal?.throwIfAborted()
    if (options.client !== undefined) {
      throw new AttachmentInvalidArgumentError(
        'a manifest in memory cannot join a transaction: leave out `client`, or use the manifest of your database',
      )
    }
    const failed = this.#ledger.commit(checkSessionId(sessionId), checkCommit(refs))
    if (failed.length > 0) throw new AttachmentIntentExpiredError(failed)
  }

  async releaseRefs(sessionId: string, ids?: readonly AttachmentId[]): Promise<void> {
    this.#assertOpen()
    this.#ledger.release(checkSessionId(sessionId), ids)
  }

  async lookup(sessionId: string, id: AttachmentId): Promise<AttachmentManifestEntry | undefined> {
    this.#assertOpen()
    const ref = this.#ledger.find(checkSessionId(sessionId), id)
    return ref === undefined ? undefined : entryOf(ref)
  }

  async *listRefs(sessionId: string): AsyncGenerator<AttachmentManifestEntry, void, void> {
    this.#assertOpen()
    for (const ref of this.#ledger.refsOf(checkSessionId(sessionId))) {
      this.#assertOpen()
      // A sweep may have dropped it since the listing began.
      if (ref.content.refs.has(ref)) yield entryOf(ref)
    }
  }

  async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    this.#assertOpen()
    for (const content of this.#ledger.orphans(checkTime('olderThanEpochMs', olderThanEpochMs))) {
      this.#assertOpen()
      // A session may have committed it, or put it again, since the listing began.
      if (isOrphan(content, olderThanEpochMs)) yield* [...content.refs].map(entryOf)
    }
  }

  async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    this.#assertOpen()
    return this.#ledger.claimOrphans(checkOrphanQuery(query))
  }

  async claimBlobs(blobs: readonly AttachmentKey[]): Promise<OrphanClaim[]> {
    this.#assertOpen()
    return checkBlobs(blobs).flatMap(key => this.#ledger.claimBlob(key) ?? [])
  }

  async settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    this.#assertOpen()
    this.#ledger.settle(claims)
  }

  async forget(id: AttachmentId): Promise<void> {
    this.#assertOpen()
    this.#ledger.forget(id)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #assertOpen(): void {
    if (this.#closed) throw new AttachmentClosedError('the memory manifest')
  }
}
