import {
  type AttachmentCommitOptions,
  type AttachmentContent,
  type AttachmentId,
  type AttachmentIntent,
  AttachmentIntentExpiredError,
  AttachmentInvalidArgumentError,
  type AttachmentKey,
  type AttachmentManifest,
  type AttachmentManifestEntry,
  type AttachmentRef,
  type AttachmentSignalOptions,
  type AttachmentStore,
  isAttachmentId,
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
  isPreparedContent,
  Lifetime,
  placed,
} from '@lash/attachments-core/backend'
import { type AttachmentDatabase, openDatabase } from '../database/database.ts'
import type { SqliteDatabaseOptions } from '../database/options.ts'
import { maxRowBytes } from '../store/driver.ts'
import { driverOf } from '../store/store.ts'
import type { RefPosition, SessionRefs } from './ref-table.ts'
import { packTargets } from './ref-targets.ts'

export interface SqliteAttachmentManifestOptions extends SqliteDatabaseOptions {
  /**
   * How long a content without refs keeps its row, which remembers the generation that comes next. A writer must not be stalled
   * for longer between its intent and its put. In milliseconds; default 30 days.
   */
  tombstoneRetentionMs?: number | undefined
  /** The clock that commits, releases and claims are dated by, in milliseconds since 1970. Default `Date.now`. */
  now?: (() => number) | undefined
}

const defaultTombstoneRetentionMs = 30 * 24 * 60 * 60 * 1000

/**
 * Who refers to which bytes, in an SQLite database. Linearizable across all processes that use the file; when a call has
 * resolved, its effect survives a crash and a power cut.
 */
export class SqliteAttachmentManifest implements AttachmentManifest {
  readonly #database: AttachmentDatabase
  readonly #tombstoneRetentionMs: number
  readonly #now: () => number
  readonly #lifetime = new Lifetime('the sqlite manifest')

  /**
   * @param target the options, or `path` for short.
   * @throws as the constructor of SqliteAttachmentStore does.
   */
  constructor(target: string | SqliteAttachmentManifestOptions, options?: SqliteAttachmentManifestOptions) {
    const given = placed('path', target, options)
    const { tombstoneRetentionMs = defaultTombstoneRetentionMs, now = Date.now } = given
    if (!(tombstoneRetentionMs >= 0)) throw new AttachmentInvalidArgumentError('tombstoneRetentionMs must be 0 or more')
    this.#tombstoneRetentionMs = tombstoneRetentionMs
    this.#now = now
    this.#database = openDatabase(given)
  }

  recordIntent(intent: AttachmentIntent): Promise<number> {
    return this.#run(() => this.#database.write('recordIntent', checkIntent(intent)))
  }

  /**
   * Writes intent and bytes in one transaction when the bytes are small and the store is in the same database file; see
   * `AttachmentManifest`.
   */
  recordIntentAndPut(
    store: AttachmentStore,
    intent: AttachmentIntent,
    content: AttachmentContent,
    options: AttachmentSignalOptions,
  ): Promise<number> | undefined {
    const driver = driverOf(store)
    if (driver === undefined || driver.closed || !driver.database.isSameAs(this.#database)) return undefined
    // Content of which somebody only says that it has this id: the store's own put will read and hash it.
    if (!isPreparedContent(content)) return undefined
    const { bytes } = content
    const { signal } = options
    if (bytes === undefined || bytes.byteLength > maxRowBytes || intent.meta === undefined) return undefined
    return this.#run(async () => {
      const checked = checkIntent(intent)
      const key = { id: checked.attachmentId, generation: 0 }
      if (content.id !== key.id) throw new AttachmentInvalidArgumentError('the intent is for other content')
      const blob = await driver.smallBlob(key, bytes, checked.meta as NonNullable<typeof checked.meta>)
      signal?.throwIfAborted()
      return this.#database.write(
        'recordIntentAndPut',
        { sessionId: checked.sessionId, intentAtEpochMs: checked.intentAtEpochMs, blob },
        { weight: blob.storedLength, signal },
      )
    })
  }

  commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: AttachmentCommitOptions = {},
  ): Promise<void> {
    return this.#run(async () => {
      if (options.client !== undefined) {
        throw new AttachmentInvalidArgumentError(
          'commitRefs cannot join a transaction of better-sqlite3, which is synchronous; call commitRefsSync inside it',
        )
      }
      const targets = packTargets(checkCommit(refs))
      checkSessionId(sessionId)
      const { signal } = options
      signal?.throwIfAborted()
      const { length } = targets.generations
      if (length === 0) return
      const request = { sessionId, targets, now: this.#now() }
      const expired = await this.#database.write('commitRefs', request, { weight: length * 1024, signal })
      if (expired.length > 0) throw new AttachmentIntentExpiredError(expired)
    })
  }

  /**
   * `commitRefs` inside the host's own transaction: call it from a synchronous better-sqlite3 transaction on the handle that was given
   * as `database`. The refs become committed exactly when that transaction commits, with its durability (`PRAGMA synchronous`), and stay as they
   * were when it rolls back. Without an open transaction it makes one of its own and blocks until it is committed.
   * Begin the transaction as an immediate one: a deferred one that has read may find that it cannot write any more.
   * @throws AttachmentIntentExpiredError naming every id that failed; then nothing has changed.
   */
  commitRefsSync(sessionId: string, committed: readonly (AttachmentRef | AttachmentId)[]): void {
    this.#lifetime.assertOpen()
    const targets = packTargets(checkCommit(committed))
    checkSessionId(sessionId)
    const expired = this.#database.writeRefsSync(refs => refs.commit(sessionId, targets, this.#now()))
    if (expired.length > 0) throw new AttachmentIntentExpiredError(expired)
  }

  releaseRefs(sessionId: string, ids?: readonly AttachmentId[]): Promise<void> {
    return this.#run(async () => {
      checkSessionId(sessionId)
      const targets = ids && packTargets(ids.filter(isAttachmentId).map(id => ({ id, generation: undefined })))
      const request = { sessionId, targets, now: this.#now() }
      const count = ids?.length ?? (await this.#database.read(({ refs }) => refs.countOfSession(sessionId)))
      await this.#database.write('releaseRefs', request, { weight: count * 1024 })
    })
  }

  lookup(sessionId: string, id: AttachmentId): Promise<AttachmentManifestEntry | undefined> {
    return this.#run(async () => {
      checkSessionId(sessionId)
      return isAttachmentId(id) ? this.#database.read(({ refs }) => refs.lookup(sessionId, id)) : undefined
    })
  }

  async *listRefs(sessionId: string): AsyncGenerator<AttachmentManifestEntry, void, void> {
    checkSessionId(sessionId)
    let after: number | undefined = 0
    while (after !== undefined) {
      const from: number = after
      const { entries, last }: SessionRefs = await this.#run(() =>
        this.#database.read(({ refs }) => refs.ofSession(sessionId, from)),
      )
      yield* entries
      after = last
    }
  }

  async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    checkTime('olderThanEpochMs', olderThanEpochMs)
    let group: AttachmentManifestEntry[] = []
    for await (const entry of this.#everyRef()) {
      if (group[0] !== undefined && group[0].attachmentId !== entry.attachmentId) {
        if (group.every(ref => isLooseSince(ref, olderThanEpochMs))) yield* group
        group = []
      }
      group.push(entry)
    }
    if (group.every(ref => isLooseSince(ref, olderThanEpochMs))) yield* group
  }

  async *#everyRef(): AsyncGenerator<AttachmentManifestEntry, void, void> {
    let after: RefPosition | undefined
    for (;;) {
      const from: RefPosition | undefined = after
      const page: AttachmentManifestEntry[] = await this.#run(() => this.#database.read(({ refs }) => refs.page(from)))
      yield* page
      const last = page.at(-1)
      if (last === undefined) return
      after = { id: last.attachmentId, sessionId: last.sessionId }
      // A page is read in one go, and there may be thousands: let others have their turn.
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    return this.#run(async () => {
      let step = checkOrphanQuery({ ...query, ids: query.ids?.filter(isAttachmentId) })
      const all: OrphanClaim[] = []
      for (;;) {
        const query: OrphanQuery = step
        const candidates = await this.#database.read(({ claims }) => claims.countCandidates(query))
        // A sweep with nothing to do takes no lock.
        if (candidates === 0) return all
        const request = { query, now: this.#now() }
        const weight = candidates * claimWeight
        const { claims, done } = await this.#database.write('claimOrphans', request, { weight })
        all.push(...claims)
        if (done) return all
        step = { ...step, limit: step.limit - claims.length, staleClaimEpochMs: undefined }
      }
    })
  }

  claimBlobs(blobs: readonly AttachmentKey[]): Promise<OrphanClaim[]> {
    return this.#run(async () => {
      const request = { blobs: checkBlobs(blobs), now: this.#now() }
      return this.#database.write('claimBlobs', request, { weight: blobs.length * 1024 })
    })
  }

  settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    return this.#run(async () => {
      const settled = claims.filter(({ attachmentId }) => isAttachmentId(attachmentId))
      const now = this.#now()
      const request = { claims: settled, now, purgeBefore: now - this.#tombstoneRetentionMs }
      await this.#database.write('settleClaims', request, { weight: claims.length * 1024 })
    })
  }

  forget(id: AttachmentId): Promise<void> {
    return this.#run(async () => {
      if (isAttachmentId(id)) await this.#database.write('forget', { id, now: this.#now() })
    })
  }

  close(): Promise<void> {
    return this.#lifetime.close(() => this.#database.release())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #run<T>(call: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#lifetime.run(signal, call)
  }
}

/** What a claim weighs: of about a hundred on, they go to the writer thread. */
const claimWeight = 2 * 1024

/** Whether nothing but its age has protected the ref since that time. */
function isLooseSince(ref: AttachmentManifestEntry, epochMs: number): boolean {
  if (ref.releasedAtEpochMs !== undefined) return ref.releasedAtEpochMs <= epochMs
  return ref.committedAtEpochMs === undefined && ref.intentAtEpochMs <= epochMs
}
