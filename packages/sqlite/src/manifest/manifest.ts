import type {
  AttachmentCommitOptions,
  AttachmentContent,
  AttachmentId,
  AttachmentIntent,
  AttachmentIntentAndPut,
  AttachmentKey,
  AttachmentManifestEntry,
  AttachmentRef,
  AttachmentSignalOptions,
  AttachmentStore,
  OrphanClaim,
  OrphanQuery,
} from '@lash/attachments-core'
import {
  type AttachmentManifestOptions,
  type CheckedIntent,
  type CommitRequest,
  type CommitTarget,
  driverOf,
  type EntryPages,
  type ImportBatch,
  type ListedContent,
  ManifestBase,
  placed,
  type RecordPages,
  recordsOf,
} from '@lash/attachments-core/backend'
import { type AttachmentDatabase, openDatabase } from '../database/database.ts'
import type { SqliteDatabaseOptions } from '../database/options.ts'
import { maxRowBytes, SqliteAttachmentDriver } from '../store/driver.ts'
import type { RefPosition, SessionPosition, SessionRefs } from './ref-table.ts'
import { packTargets } from './ref-targets.ts'

export interface SqliteAttachmentManifestOptions extends SqliteDatabaseOptions, AttachmentManifestOptions {}

/**
 * Who refers to which bytes, in an SQLite database. Linearizable across all processes that use the file; when a call
 * has resolved, its effect survives a crash and a power cut.
 */
export class SqliteAttachmentManifest extends ManifestBase {
  readonly #database: AttachmentDatabase

  /**
   * @param target the options, or `path` for short.
   * @throws as the constructor of SqliteAttachmentStore does.
   */
  constructor(target: string | SqliteAttachmentManifestOptions, options?: SqliteAttachmentManifestOptions) {
    const given = placed('path', target, options)
    super('sqlite', given, 'better-sqlite3 is synchronous, so call commitRefsSync inside the transaction')
    this.#database = openDatabase(given)
  }

  protected record(intent: CheckedIntent): Promise<number> {
    return this.#database.write('recordIntent', intent)
  }

  /** One transaction, if the bytes are small and the store is in the same file; see `AttachmentManifest`. */
  recordIntentAndPut(
    store: AttachmentStore,
    intent: AttachmentIntent,
    content: AttachmentContent,
    { signal }: AttachmentSignalOptions,
  ): Promise<AttachmentIntentAndPut> | undefined {
    const driver = driverOf(store, SqliteAttachmentDriver)
    if (driver === undefined || driver.closed || !driver.database.isSameAs(this.#database)) return undefined
    const { bytes } = content
    if (bytes === undefined || bytes.byteLength > maxRowBytes) return undefined
    return this.recordWith(content, intent, signal, async (checked, meta) => {
      const { attachmentId, sessionId, holder, intentAtEpochMs } = checked
      const blob = await driver.smallBlob({ id: attachmentId, generation: 0 }, bytes, meta)
      signal?.throwIfAborted()
      const request = { sessionId, holder, intentAtEpochMs, blob }
      const options = { bytes: blob.storedLength, signal }
      return { generation: await this.#database.write('recordIntentAndPut', request, options), isPut: true }
    })
  }

  protected async commit(
    sessionId: string,
    refs: readonly CommitTarget[],
    { holder, signal }: CommitRequest,
  ): Promise<AttachmentId[]> {
    if (refs.length === 0) return []
    const request = { sessionId, holder, targets: packTargets(refs), now: this.now() }
    return this.#database.write('commitRefs', request, { rows: refs.length, signal })
  }

  /**
   * `commitRefs` inside the host's own transaction: call it from a synchronous better-sqlite3 transaction on the handle
   * that was given as `database`. The refs become committed exactly when that transaction commits, with its durability
   * (`PRAGMA synchronous`), and stay as they were when it rolls back. Without an open transaction it makes one of its
   * own and blocks until it is committed. Begin the transaction as an immediate one: a deferred one that has read may
   * find that it cannot write any more.
   * @throws AttachmentIntentExpiredError naming every id that failed; then nothing has changed.
   */
  commitRefsSync(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: Pick<AttachmentCommitOptions, 'holder'> = {},
  ): void {
    this.commitNow(sessionId, refs, options.holder, (session, targets, holder) =>
      this.#database.writeRefsSync(table => table.commit(session, holder, packTargets(targets), this.now())),
    )
  }

  protected async release(
    sessionId: string,
    ids: readonly AttachmentId[] | undefined,
    holder: string | undefined,
    uncommitted: boolean,
  ): Promise<void> {
    const targets = ids && packTargets(ids.map(id => ({ id, generation: undefined })))
    const request = { sessionId, holder, targets, uncommitted, now: this.now() }
    const count = ids?.length ?? (await this.#database.read('refs', 'count', sessionId, holder))
    await this.#database.write('releaseRefs', request, { rows: count })
  }

  protected find(
    sessionId: string,
    id: AttachmentId,
    holder: string | undefined,
  ): Promise<AttachmentManifestEntry | undefined> {
    return this.#database.read('refs', 'lookup', sessionId, id, holder)
  }

  protected async *refsOf(sessionId: string, holder: string | undefined): EntryPages {
    let after: SessionPosition | undefined
    do {
      const page: SessionRefs = await this.#database.read('refs', 'ofSession', sessionId, holder, after)
      yield page.entries
      after = page.last
    } while (after !== undefined)
  }

  protected async *uncommitted(olderThanEpochMs: number): EntryPages {
    let content: AttachmentManifestEntry[] = []
    for await (const page of this.#everyRef()) {
      const found: AttachmentManifestEntry[] = []
      for (const entry of page) {
        if (content[0] !== undefined && content[0].attachmentId !== entry.attachmentId) {
          if (isLooseSince(content, olderThanEpochMs)) found.push(...content)
          content = []
        }
        content.push(entry)
      }
      yield found
    }
    if (isLooseSince(content, olderThanEpochMs)) yield content
  }

  async *#everyRef(): AsyncGenerator<AttachmentManifestEntry[], void, void> {
    let after: RefPosition | undefined
    for (;;) {
      const page: AttachmentManifestEntry[] = await this.#database.read('refs', 'page', after)
      yield page
      const last = page.at(-1)
      if (last === undefined) return
      after = { id: last.attachmentId, sessionId: last.sessionId, holder: last.holder }
      // A page is read in one go, and there may be thousands: let others have their turn.
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  protected async claim(query: OrphanQuery): Promise<OrphanClaim[]> {
    let step = query
    const all: OrphanClaim[] = []
    for (;;) {
      const candidates: number = await this.#database.read('claims', 'countCandidates', step)
      // A sweep with nothing to do takes no lock.
      if (candidates === 0) return all
      const request = { query: step, now: this.now() }
      const { claims, done } = await this.#database.write('claimOrphans', request, { rows: candidates })
      all.push(...claims)
      if (done) return all
      step = { ...step, limit: step.limit - claims.length, staleClaimEpochMs: undefined }
    }
  }

  protected claimListed(highest: readonly AttachmentKey[], dryRun: boolean): Promise<ListedContent[]> {
    const copies = packTargets(highest)
    const now = this.now()
    // Without a lock, also where nothing can be written.
    if (dryRun) return this.#database.read('claims', 'claimBlobs', copies, now, true)
    return this.#database.write('claimBlobs', { copies, now }, { rows: highest.length })
  }

  protected async settle(claims: readonly OrphanClaim[]): Promise<void> {
    const now = this.now()
    const request = { claims, now, purgeBefore: now - this.tombstoneRetentionMs }
    await this.#database.write('settleClaims', request, { rows: claims.length })
  }

  protected async drop(id: AttachmentId): Promise<void> {
    await this.#database.write('forget', { id, now: this.now() })
  }

  protected async *exported(): RecordPages {
    yield [{ floor: await this.#database.read('generations', 'floor') }]
    for await (const page of this.#everyRef()) yield recordsOf(page)
    for (let after: AttachmentId | undefined; ; ) {
      const page = await this.#database.read('generations', 'unreferenced', after ?? '')
      yield page
      after = page.at(-1)?.attachmentId
      if (after === undefined) return
    }
  }

  protected fill(batches: AsyncIterable<ImportBatch>): Promise<void> {
    return this.#database.fill(batches)
  }

  protected free(): Promise<void> {
    return this.#database.release()
  }
}

/** Whether nothing but their age has protected the refs of some content since that time. */
function isLooseSince(refs: readonly AttachmentManifestEntry[], epochMs: number): boolean {
  return refs.every(({ releasedAtEpochMs, committedAtEpochMs, intentAtEpochMs }) =>
    releasedAtEpochMs === undefined
      ? committedAtEpochMs === undefined && intentAtEpochMs <= epochMs
      : releasedAtEpochMs <= epochMs,
  )
}
