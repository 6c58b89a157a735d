import { Lifetime } from '../calls/lifetime.ts'
import type { AttachmentId } from '../content/id.ts'
import type { AttachmentRef } from '../content/meta.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentSignalOptions } from '../store/store.ts'
import type {
  AttachmentClaimBlobsOptions,
  AttachmentCommitOptions,
  AttachmentHolderOptions,
  AttachmentIntent,
  AttachmentManifest,
  AttachmentManifestEntry,
  AttachmentManifestRecord,
  AttachmentReleaseOptions,
  OrphanClaim,
  OrphanQuery,
} from './manifest.ts'

/**
 * The part of a host's own persistence object that is an attachment manifest. Each method does what the method of
 * `AttachmentManifest` promises for which the adapter calls it.
 */
export interface AttachmentPersistence {
  recordAttachmentIntent(intent: AttachmentIntent): Promise<number>
  commitAttachmentRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options?: AttachmentCommitOptions,
  ): Promise<void>
  releaseAttachmentRefs(
    sessionId: string,
    ids?: readonly AttachmentId[],
    options?: AttachmentReleaseOptions,
  ): Promise<void>
  lookupAttachmentRef(
    sessionId: string,
    id: AttachmentId,
    options?: AttachmentHolderOptions,
  ): Promise<AttachmentManifestEntry | undefined>
  listAttachmentRefs(sessionId: string, options?: AttachmentHolderOptions): AsyncIterable<AttachmentManifestEntry>
  listUncommittedAttachments(olderThanEpochMs: number): AsyncIterable<AttachmentManifestEntry>
  claimAttachmentOrphans(query: OrphanQuery): Promise<OrphanClaim[]>
  claimAttachmentBlobs(blobs: readonly AttachmentKey[], options?: AttachmentClaimBlobsOptions): Promise<OrphanClaim[]>
  settleAttachmentClaims(claims: readonly OrphanClaim[]): Promise<void>
  forgetAttachment(id: AttachmentId): Promise<void>
  exportAttachmentContents(options?: AttachmentSignalOptions): AsyncIterable<AttachmentManifestRecord>
  importAttachmentContents(
    records: AsyncIterable<AttachmentManifestRecord>,
    options?: AttachmentSignalOptions,
  ): Promise<void>
}

/**
 * A manifest over a bigger persistence object, for a host that keeps sessions, turns and attachments behind one
 * interface and commits them together. `close` closes the adapter. The persistence object is the host's, and stays
 * open.
 */
export class PersistenceManifestAdapter implements AttachmentManifest {
  readonly #persistence: AttachmentPersistence
  readonly #lifetime = new Lifetime('the manifest')

  constructor(persistence: AttachmentPersistence) {
    this.#persistence = persistence
  }

  recordIntent(intent: AttachmentIntent): Promise<number> {
    return this.#lifetime.run(undefined, () => this.#persistence.recordAttachmentIntent(intent))
  }

  commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: AttachmentCommitOptions = {},
  ): Promise<void> {
    return this.#lifetime.run(options.signal, () => this.#persistence.commitAttachmentRefs(sessionId, refs, options))
  }

  releaseRefs(sessionId: string, ids?: readonly AttachmentId[], options: AttachmentReleaseOptions = {}): Promise<void> {
    return this.#lifetime.run(undefined, () => this.#persistence.releaseAttachmentRefs(sessionId, ids, options))
  }

  lookup(
    sessionId: string,
    id: AttachmentId,
    options: AttachmentHolderOptions = {},
  ): Promise<AttachmentManifestEntry | undefined> {
    return this.#lifetime.run(undefined, () => this.#persistence.lookupAttachmentRef(sessionId, id, options))
  }

  listRefs(
    sessionId: string,
    options: AttachmentHolderOptions = {},
  ): AsyncGenerator<AttachmentManifestEntry, void, void> {
    return this.#listing(() => this.#persistence.listAttachmentRefs(sessionId, options))
  }

  listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    return this.#listing(() => this.#persistence.listUncommittedAttachments(olderThanEpochMs))
  }

  async *#listing<T>(list: () => AsyncIterable<T>): AsyncGenerator<T, void> {
    this.#lifetime.assertOpen()
    for await (const item of list()) {
      yield item
      this.#lifetime.assertOpen()
    }
  }

  claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    return this.#lifetime.run(undefined, () => this.#persistence.claimAttachmentOrphans(query))
  }

  claimBlobs(blobs: readonly AttachmentKey[], options: AttachmentClaimBlobsOptions = {}): Promise<OrphanClaim[]> {
    return this.#lifetime.run(undefined, () => this.#persistence.claimAttachmentBlobs(blobs, options))
  }

  settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    return this.#lifetime.run(undefined, () => this.#persistence.settleAttachmentClaims(claims))
  }

  forget(id: AttachmentId): Promise<void> {
    return this.#lifetime.run(undefined, () => this.#persistence.forgetAttachment(id))
  }

  exportContents(options?: AttachmentSignalOptions): AsyncGenerator<AttachmentManifestRecord, void, void> {
    return this.#listing(() => this.#persistence.exportAttachmentContents(options))
  }

  importContents(records: AsyncIterable<AttachmentManifestRecord>, options?: AttachmentSignalOptions): Promise<void> {
    return this.#lifetime.run(undefined, () => this.#persistence.importAttachmentContents(records, options))
  }

  close(): Promise<void> {
    return this.#lifetime.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
