import type {
  AttachmentId,
  AttachmentKey,
  AttachmentManifestEntry,
  AttachmentManifestRecord,
  OrphanClaim,
  OrphanQuery,
} from '@lash/attachments-core'
import {
  type AttachmentManifestOptions,
  type CheckedIntent,
  type CommitRequest,
  type CommitTarget,
  type EntryPages,
  type ImportBatch,
  type ListedContent,
  ManifestBase,
  type RecordPages,
  usedManifestError,
} from '@lash/attachments-core/backend'
import { entryOf, isOrphan, recordOf } from './content-row.ts'
import { Ledger } from './ledger.ts'

export interface InMemoryAttachmentManifestOptions extends AttachmentManifestOptions {}

/**
 * A manifest in the memory of this process, gone with it. Each operation is one synchronous block, and so atomic. See
 * `AttachmentManifest` for what it guarantees.
 *
 * It cannot join a host's transaction: `commitRefs` with `client` rejects with `AttachmentInvalidArgumentError`.
 */
export class InMemoryAttachmentManifest extends ManifestBase {
  #ledger: Ledger

  /** @throws AttachmentInvalidArgumentError */
  constructor(options: InMemoryAttachmentManifestOptions = {}) {
    // What is reclaimed is forgotten at once: to remember it would take memory, and nothing here needs plain names.
    super(
      'memory',
      { ...options, tombstoneRetentionMs: options.tombstoneRetentionMs ?? 0 },
      'leave it out, or use the manifest of your database',
    )
    this.#ledger = this.#newLedger()
  }

  #newLedger(): Ledger {
    return new Ledger(this.now, this.tombstoneRetentionMs)
  }

  protected record(intent: CheckedIntent): number {
    return this.#ledger.recordIntent(intent)
  }

  protected commit(sessionId: string, targets: readonly CommitTarget[], { holder }: CommitRequest): AttachmentId[] {
    return this.#ledger.commit(sessionId, targets, holder)
  }

  protected release(
    sessionId: string,
    ids: readonly AttachmentId[] | undefined,
    holder: string | undefined,
    uncommittedOnly: boolean,
  ): void {
    this.#ledger.release(sessionId, ids, holder, uncommittedOnly)
  }

  protected find(sessionId: string, id: AttachmentId, holder: string | undefined): AttachmentManifestEntry | undefined {
    const ref = this.#ledger.find(sessionId, id, holder)
    return ref === undefined ? undefined : entryOf(ref)
  }

  protected async *refsOf(sessionId: string, holder: string | undefined): EntryPages {
    yield this.#refsOf(sessionId, holder)
  }

  *#refsOf(sessionId: string, holder: string | undefined): Generator<AttachmentManifestEntry, void, void> {
    for (const ref of this.#ledger.refsOf(sessionId, holder)) {
      // Since the listing began, a sweep may have dropped it.
      if (ref.content.refs.has(ref)) yield entryOf(ref)
    }
  }

  protected async *uncommitted(olderThanEpochMs: number): EntryPages {
    for (const content of this.#ledger.orphans(olderThanEpochMs)) {
      // Since the listing began, a session may have committed it or put it again.
      if (isOrphan(content, olderThanEpochMs)) yield [...content.refs].map(entryOf)
    }
  }

  protected claim(query: OrphanQuery): OrphanClaim[] {
    return this.#ledger.claimOrphans(query)
  }

  protected claimListed(highest: readonly AttachmentKey[], dryRun: boolean): ListedContent[] {
    return highest.map(copy => this.#ledger.claimListed(copy, dryRun))
  }

  protected settle(claims: readonly OrphanClaim[]): void {
    this.#ledger.settle(claims)
  }

  protected drop(id: AttachmentId): void {
    this.#ledger.forget(id)
  }

  protected async *exported(): RecordPages {
    yield this.#records()
  }

  *#records(): Generator<AttachmentManifestRecord, void, void> {
    yield { floor: this.#ledger.floor }
    for (const content of this.#ledger.contents()) yield recordOf(content)
  }

  protected async fill(batches: AsyncIterable<ImportBatch>): Promise<void> {
    this.#checkUnused()
    const filled = this.#newLedger()
    for await (const batch of batches) filled.restore(batch)
    // Somebody may have recorded an intent meanwhile.
    this.#checkUnused()
    this.#ledger = filled
  }

  #checkUnused(): void {
    if (!this.#ledger.isUnused) throw usedManifestError('memory')
  }

  protected async free(): Promise<void> {}
}
