import { concurrently } from '../calls/concurrently.ts'
import { withoutUrlCredentials } from '../calls/url-credentials.ts'
import type { AttachmentId } from '../content/id.ts'
import { AttachmentBackendError, AttachmentInvalidArgumentError, AttachmentStoreError } from '../errors.ts'
import type { CheckedIntent, CommitTarget } from '../manifest/checks.ts'
import type { ImportBatch } from '../manifest/imports.ts'
import type { AttachmentManifestEntry, OrphanClaim, OrphanQuery } from '../manifest/manifest.ts'
import type { CommitRequest, EntryPages, ListedContent, RecordPages } from '../manifest/manifest-base.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentManifestDriver } from './driver.ts'
import { heldBy, idAfterTime, idOfRef, type KeyRange, refOfHeld, refsTo, startingWith, upTo } from './keys.ts'
import { exportPages, Import } from './moving.ts'
import { entryOfRef, type RefRow, rowIn } from './rows.ts'
import { entriesOf, pagesOf } from './scanning.ts'
import * as session from './session-steps.ts'
import * as sweep from './sweep-steps.ts'
import { Transactions, tooLarge } from './transactions.ts'
import { View } from './view.ts'

/** The reads and writes of one ref in a commit, and those of the commit itself. */
const changesOfCommittedRef = 4
const changesOfCommit = 2
/** Tombstones that a settlement purges beside as many as it makes, so that they do not pile up. */
const purgeBatch = 100
/** How many contents a listing looks at together. */
const readsAtOnce = 16

/** The reclaim protocol over a driver: what each method of a manifest does, once its arguments have been checked. */
export class Protocol {
  readonly #driver: AttachmentManifestDriver
  readonly #transactions: Transactions
  readonly #now: () => number
  readonly #tombstoneRetentionMs: number

  constructor(driver: AttachmentManifestDriver, now: () => number, tombstoneRetentionMs: number) {
    this.#driver = driver
    this.#transactions = new Transactions(driver)
    this.#now = now
    this.#tombstoneRetentionMs = tombstoneRetentionMs
  }

  record(intent: CheckedIntent): Promise<number> {
    return this.#mapped('recordIntent', () => this.#whole(view => session.recordIntent(view, intent)))
  }

  commit(
    sessionId: string,
    targets: readonly CommitTarget[],
    { holder, signal }: CommitRequest,
  ): Promise<AttachmentId[]> {
    this.#checkFits(targets)
    const committing = () => this.#whole(view => session.commit(view, sessionId, holder, targets, this.#now()), signal)
    return this.#mapped('commitRefs', committing, signal)
  }

  #checkFits(targets: readonly CommitTarget[]): void {
    const { maxChanges, name } = this.#driver
    if (maxChanges === undefined) return
    const most = Math.floor((maxChanges - changesOfCommit) / changesOfCommittedRef)
    if (new Set(targets.map(({ id }) => id)).size <= most) return
    throw new AttachmentInvalidArgumentError(
      `the ${name} manifest commits at most ${most} refs at once, since its transactions are small; commit fewer`,
    )
  }

  release(
    sessionId: string,
    ids: readonly AttachmentId[] | undefined,
    holder: string | undefined,
    uncommittedOnly: boolean,
  ): Promise<void> {
    const choice = { sessionId, holder, ids }
    return this.#mapped('releaseRefs', async () => {
      const released = await this.#transactions.whole(async view => {
        session.release(view, await session.chosenRefs(view, choice), uncommittedOnly, this.#now())
      })
      if (released !== tooLarge) return
      const keys = await session.chosenRefs(new View(this.#driver), choice)
      await this.#transactions.each(keys, async (view, some) => {
        await view.look(some)
        session.release(view, some, uncommittedOnly, this.#now())
      })
    })
  }

  find(sessionId: string, id: AttachmentId, holder: string | undefined): Promise<AttachmentManifestEntry | undefined> {
    const choice = { sessionId, holder, ids: [id] }
    return this.#mapped('lookup', async () => {
      const found = await this.#transactions.whole(view => session.find(view, choice))
      // More refs of one session than a step takes: then this is no one view.
      const ref = found === tooLarge ? await session.find(new View(this.#driver), choice) : found
      return ref === undefined ? undefined : entryOfRef(id, ref)
    })
  }

  async *refsOf(sessionId: string, holder: string | undefined): EntryPages {
    for await (const held of this.#pages('listRefs', startingWith(heldBy(sessionId, holder)))) {
      const keys = held.map(refOfHeld)
      const view = new View(this.#driver)
      await this.#mapped('listRefs', () => view.look(keys))
      yield keys.flatMap(key => {
        const ref = rowIn<RefRow>(view.peek(key))
        // Since its page was read, a sweep may have dropped it.
        return ref === undefined ? [] : [entryOfRef(idOfRef(key), ref)]
      })
    }
  }

  async *uncommitted(olderThanEpochMs: number): EntryPages {
    const query = { olderThanEpochMs }
    const seen = new Set<AttachmentId>()
    for await (const loose of this.#pages('listUncommitted', upTo('a', olderThanEpochMs))) {
      const ids = [...new Set(loose.map(idAfterTime))].filter(id => !seen.has(id))
      const contents = await this.#mapped('listUncommitted', () =>
        concurrently(ids, readsAtOnce, id => entriesOf(this.#driver, startingWith(refsTo(id)))),
      )
      for (const entries of contents) {
        const refs = entries.map(([key, value]) => ({ id: idOfRef(key), ref: rowIn<RefRow>(value) }))
        const [first] = refs
        if (first === undefined || !refs.every(({ ref }) => sweep.isDue(ref, query))) continue
        seen.add(first.id)
        yield refs.map(({ id, ref }) => entryOfRef(id, ref))
      }
    }
  }

  /** The keys of the range, page by page. */
  async *#pages(operation: string, range: KeyRange): AsyncGenerator<string[], void, void> {
    for await (const page of this.#read(operation, pagesOf(this.#driver, range))) yield page.map(([key]) => key)
  }

  /** The pages, with errors of ours, from a map that has our layout. */
  async *#read<T>(operation: string, pages: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
    await this.#mapped(operation, () => new View(this.#driver).look([]))
    for (;;) {
      const { done, value } = await this.#mapped(operation, () => pages.next())
      if (done || value === undefined) return
      yield value
    }
  }

  exported(): RecordPages {
    return this.#read('exportContents', exportPages(this.#driver))
  }

  fill(batches: AsyncIterable<ImportBatch>): Promise<void> {
    return this.#mapped('importContents', () => new Import(this.#driver).run(batches))
  }

  claim(query: OrphanQuery): Promise<OrphanClaim[]> {
    return this.#mapped('claimOrphans', async () => {
      const claims = await this.#takeOver(query)
      if (query.ids !== undefined) return this.#claim(query.ids, query, claims)
      for await (const loose of pagesOf(this.#driver, upTo('a', query.olderThanEpochMs))) {
        if (claims.length >= query.limit) break
        const wanted = query.releasedOnly === true ? loose.filter(([, value]) => value === 'released') : loose
        const ids = wanted.map(([key]) => idAfterTime(key))
        await this.#claim(ids, query, claims)
      }
      return claims
    })
  }

  /** All that are stale are found before the first is taken over: with a time in the future it would be found again. */
  async #takeOver({ staleClaimEpochMs: stale, ids, limit }: OrphanQuery): Promise<OrphanClaim[]> {
    if (stale === undefined) return []
    const claimed = ids ?? (await entriesOf(this.#driver, upTo('k', stale), limit)).map(([key]) => idAfterTime(key))
    return this.#transactions.each(
      [...new Set(claimed)],
      (view, some, left) => sweep.takeOver(view, some, stale, left, this.#now()),
      { limit },
    )
  }

  /** Content that was claimed before is left out: since then, somebody may have put it again. */
  async #claim(ids: readonly AttachmentId[], query: OrphanQuery, claims: OrphanClaim[]): Promise<OrphanClaim[]> {
    const before = new Set(claims.map(({ attachmentId }) => attachmentId))
    const claimed = await this.#transactions.each(
      [...new Set(ids)].filter(id => !before.has(id)),
      (view, some, left) => sweep.claimOrphans(view, some, query, left, this.#now()),
      { limit: query.limit - claims.length, thin: id => this.#thin(id, ref => sweep.isDue(ref, query)) },
    )
    claims.push(...claimed)
    return claims
  }

  /** Drops refs of content that has more of them than a step takes, all but one. */
  async #thin(id: AttachmentId, isDropped: (ref: RefRow) => boolean): Promise<void> {
    const refs = await entriesOf(this.#driver, startingWith(refsTo(id)))
    const kept = (refs.find(([, value]) => !isDropped(rowIn<RefRow>(value))) ?? refs[0])?.[0]
    if (kept === undefined) return
    const others = refs.map(([key]) => key).filter(key => key !== kept)
    await this.#transactions.each(others, (view, some) => sweep.thin(view, some, kept, isDropped))
  }

  claimListed(highest: readonly AttachmentKey[], dryRun: boolean): Promise<readonly ListedContent[]> {
    return this.#mapped('claimBlobs', () =>
      this.#transactions.each(highest, (view, some) => sweep.claimListed(view, some, dryRun, this.#now())),
    )
  }

  settle(claims: readonly OrphanClaim[]): Promise<void> {
    return this.#mapped('settleClaims', async () => {
      await this.#transactions.each(claims, (view, some) => sweep.settle(view, some, this.#now()))
      await this.#purge(claims.length + purgeBatch)
    })
  }

  async #purge(atMost: number): Promise<void> {
    // To keep none asks no clock, which may have been set back since.
    const until = this.#tombstoneRetentionMs === 0 ? Number.MAX_SAFE_INTEGER : this.#now() - this.#tombstoneRetentionMs
    if (until < Number.MIN_SAFE_INTEGER) return
    const buried = await entriesOf(this.#driver, upTo('t', Math.floor(until)), atMost)
    await this.#transactions.each(
      buried.map(([key]) => idAfterTime(key)),
      (view, some) => sweep.purge(view, some, until),
    )
  }

  drop(id: AttachmentId): Promise<void> {
    return this.#mapped('forget', async () => {
      const forget = (view: View) => sweep.forget(view, id, this.#now())
      while ((await this.#transactions.whole(forget)) === tooLarge) await this.#thin(id, () => true)
      await this.#purge(purgeBatch)
    })
  }

  /** A step that fits every driver. */
  async #whole<T>(step: (view: View) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return (await this.#transactions.whole(step, signal)) as T
  }

  /** An error that is not ours becomes one of ours. */
  async #mapped<T>(operation: string, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (AttachmentStoreError.isInstance(error)) throw error
      throw new AttachmentBackendError(
        `${operation} failed in the ${this.#driver.name} manifest: ${withoutUrlCredentials(String(error))}`,
        { cause: error },
      )
    }
  }
}
