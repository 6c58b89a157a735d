import assert from 'node:assert/strict'
import {
  AttachmentIntentExpiredError,
  AttachmentInvalidArgumentError,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { caseGroup, type SessionCase } from '../case.ts'
import type { AttachmentPair } from '../harness.ts'
import { intercepted, stoppedBefore } from './gates.ts'
import {
  assertAbsent,
  assertReads,
  blobsOf,
  collected,
  gateOf,
  hold,
  idOf,
  inBackground,
  noGrace,
  put,
  putOrphans,
  sessionOf,
  sweep,
  takeOverSweep,
} from './steps.ts'

/** Sweepers that go on all the time, but for when a writer asks for a rest: without any grace, a slow writer might never get through. */
class Sweepers {
  readonly #pair: AttachmentPair
  readonly #running: Promise<unknown>
  #stopped = false
  #resting = 0

  constructor(pair: AttachmentPair, count: number) {
    this.#pair = pair
    this.#running = Promise.all(Array.from({ length: count }, () => this.#run()))
    this.#running.catch(() => {})
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#resting === 0) assert.deepEqual((await sweep(this.#pair)).failures, [])
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  async restDuring(work: () => Promise<void>): Promise<void> {
    this.#resting++
    await work().finally(() => this.#resting--)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }
}

/** Puts and commits; what a sweep took meanwhile it puts again, as a host does. */
async function holdAgainst(sweepers: Sweepers, session: SessionScopedAttachmentStore, text: string): Promise<void> {
  for (let tries = 0; tries < 8; tries++) if (await triedToHold(session, text)) return
  await sweepers.restDuring(async () => {
    // A sweep under way may still take it, a few times at most.
    for (let tries = 0; tries < 100; tries++) if (await triedToHold(session, text)) return
    assert.fail(`${text} could not be committed although the sweepers rest`)
  })
}

async function triedToHold(session: SessionScopedAttachmentStore, text: string): Promise<boolean> {
  await put(session, text)
  try {
    await session.commit()
    return true
  } catch (error) {
    if (AttachmentIntentExpiredError.isInstance(error)) return false
    throw error
  }
}

export const sweepingCases: readonly SessionCase[] = caseGroup('session', 'sweep', [
  {
    name: 'exactly-the-orphans',
    title: 'a sweep takes exactly what nobody committed or still holds, and counts it',
    async run(context) {
      const pair = await context.create()
      const [a, b] = [sessionOf(pair, 'a'), sessionOf(pair, 'b')]
      for (const text of ['committed', 'shared', 'half', 'released', 'left']) await hold(a, text)
      await hold(b, 'shared')
      await a.release(['shared', 'released', 'left'].map(idOf))
      await put(b, 'half')
      await put(b, 'orphan')
      await put(a, 'left')
      const texts = ['committed', 'shared', 'half', 'released', 'left', 'orphan']
      const report = await sweep(pair)
      assert.deepEqual(report, { scannedIntentCount: 3, reclaimedCount: 3, failures: [] })
      assert.deepEqual(await blobsOf(pair.store, texts), ['committed', 'half', 'shared'])
      await assertReads(a, 'committed', 'committed')
      await assertReads(a, 'half', 'committed by one of two')
      await assertReads(b, 'shared', 'released by the other')
      for (const text of ['released', 'left']) await assertAbsent(a, idOf(text), text)
      await assertAbsent(b, idOf('orphan'), 'never committed')
      assert.deepEqual(await sweep(pair), { scannedIntentCount: 0, reclaimedCount: 0, failures: [] })
    },
  },
  {
    name: 'grace',
    title: 'a sweep leaves alone what was put after its cutoff',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      const before = Date.now() - 24 * 60 * 60 * 1000
      await put(session, 'young')
      const report = await reclaimOrphanedAttachments(pair.manifest, pair.store, before)
      assert.deepEqual(report, { scannedIntentCount: 0, reclaimedCount: 0, failures: [] })
      await assertReads(session, 'young', 'still live')
      assert.equal((await session.commit()).length, 1)
    },
  },
  {
    name: 'in-batches',
    title: 'a sweep goes on batch by batch until nothing is left, and says how far it is',
    async run(context) {
      const pair = await context.create()
      const texts = await putOrphans(pair, 25)
      const counts: number[] = []
      const report = await reclaimOrphanedAttachments(pair.manifest, pair.store, noGrace, {
        batchSize: 4,
        concurrency: 2,
        onProgress: progress => counts.push(progress.reclaimedCount),
      })
      assert.equal(report.reclaimedCount, 25)
      assert.equal(counts.at(-1), 25)
      assert.ok(counts.length >= 7, 'progress is told for each batch')
      assert.deepEqual(
        counts,
        counts.toSorted((x, y) => x - y),
      )
      assert.deepEqual(await blobsOf(pair.store, texts), [])
    },
  },
  {
    name: 'bad-options',
    title: 'a sweep or an audit with an option out of range is refused before it claims anything',
    async run(context) {
      const pair = await context.create()
      await put(sessionOf(pair, 'session'), 'orphan')
      const bad = [{ concurrency: 0 }, { concurrency: Number.NaN }, { batchSize: Number.NaN }]
      for (const reclaim of [reclaimOrphanedAttachments, reclaimUnreferencedAttachments]) {
        for (const options of bad) {
          const refused = reclaim(pair.manifest, pair.store, noGrace, options)
          await assert.rejects(refused, error => AttachmentInvalidArgumentError.isInstance(error))
        }
      }
      // Takes no claim over, so there must be none.
      const report = await reclaimOrphanedAttachments(pair.manifest, pair.store, noGrace, { staleClaimEpochMs: 0 })
      assert.equal(report.reclaimedCount, 1)
    },
  },
  {
    name: 'failing-delete',
    title: 'a sweep goes on past a delete that fails, and reports it; a later sweep takes what is left',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      const texts = ['a', 'stuck', 'b', 'c']
      for (const text of texts) await put(session, text)
      const cause = new Error('permission denied')
      const failing = intercepted(store, {
        delete: (call, [id]) => (id === idOf('stuck') ? Promise.reject(cause) : call()),
      })
      const report = await reclaimOrphanedAttachments(manifest, failing, noGrace, { batchSize: 2 })
      assert.equal(report.reclaimedCount, 3)
      assert.deepEqual(report.failures, [{ id: idOf('stuck'), generation: 0, error: cause }])
      assert.deepEqual(await blobsOf(store, texts), ['stuck'])
      const later = await takeOverSweep({ store, manifest })
      assert.deepEqual(later.failures, [])
      assert.deepEqual(await blobsOf(store, texts), [])
    },
  },
  {
    name: 'failing-delete-then-put',
    title: 'bytes whose delete failed can be put again, and are safe from the delete when it comes late',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      await put(session, 'a')
      const failing = intercepted(store, { delete: () => Promise.reject(new Error('not now')) })
      assert.equal((await reclaimOrphanedAttachments(manifest, failing, noGrace)).failures.length, 1)
      assert.equal((await hold(session, 'a')).generation, 1)
      await store.delete(idOf('a'), { generation: 0 })
      await sweep({ store, manifest })
      await assertReads(session, 'a', 'at the next generation')
    },
  },
  {
    name: 'dry-run',
    title: 'a dry run counts what a sweep would take, and changes nothing',
    async run(context) {
      const pair = await context.create()
      const [a, b] = [sessionOf(pair, 'a'), sessionOf(pair, 'b')]
      await hold(a, 'kept')
      for (const text of ['x', 'y']) await put(a, text)
      await put(b, 'x')
      const before = await collected(pair.manifest.listRefs('a'))
      const report = await reclaimOrphanedAttachments(pair.manifest, pair.store, noGrace, { dryRun: true })
      assert.deepEqual(report, { scannedIntentCount: 2, reclaimedCount: 0, failures: [] })
      assert.deepEqual(await blobsOf(pair.store, ['x', 'y', 'kept']), ['kept', 'x', 'y'])
      assert.deepEqual(await collected(pair.manifest.listRefs('a')), before)
      await a.commit()
      await b.commit()
      assert.equal((await sweep(pair)).reclaimedCount, 0)
    },
  },
  {
    name: 'two-at-once',
    title: 'two sweeps at once reclaim each orphan once between them',
    async run(context) {
      const pair = await context.create()
      const texts = await putOrphans(pair, 40)
      await hold(sessionOf(pair, 'other'), 'kept')
      // Neither takes over what the other has just claimed.
      const options = { batchSize: 3, staleClaimEpochMs: 0 }
      const sweeps = [1, 2].map(() => reclaimOrphanedAttachments(pair.manifest, pair.store, noGrace, options))
      const [first, second] = await Promise.all(sweeps)
      assert.equal((first?.reclaimedCount ?? 0) + (second?.reclaimedCount ?? 0), 40)
      assert.deepEqual(await blobsOf(pair.store, [...texts, 'kept']), ['kept'])
    },
  },
  {
    name: 'no-grace',
    title: 'sweeps without grace, all the time, never lose a committed byte',
    async run(context) {
      const pair = await context.create()
      const texts = ['a', 'b', 'c']
      const sweepers = new Sweepers(pair, 2)
      const writer = async (name: string) => {
        const session = sessionOf(pair, name)
        for (let round = 0; round < 4; round++) {
          for (const text of texts) {
            await holdAgainst(sweepers, session, text)
            await assertReads(session, text, `${name}, round ${round}`)
          }
          for (const text of texts) await assertReads(session, text, `${name}, end of round ${round}`)
          if (round % 2 === 0) await session.delete(idOf('a'))
          else if (round < 3) await session.release()
        }
      }
      const names = ['first', 'second', 'third']
      await Promise.all(names.map(writer)).finally(() => sweepers.stop())
      for (const name of names) {
        const session = sessionOf(pair, name)
        for (const text of texts) await assertReads(session, text, `${name}, in the end`)
      }
    },
  },
  {
    name: 'dead-sweeper',
    title: 'what a sweeper claimed that died before its deletes, a later sweep takes',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      await put(session, 'a')
      await put(session, 'b')
      const gate = gateOf(context)
      const dying = inBackground(reclaimOrphanedAttachments(manifest, stoppedBefore(store, 'delete', gate), noGrace))
      await gate.reached
      const fresh = await reclaimOrphanedAttachments(manifest, store, noGrace, { staleClaimEpochMs: 0 })
      assert.equal(fresh.reclaimedCount, 0, 'its claims are not stale yet')
      const later = await takeOverSweep({ store, manifest })
      assert.equal(later.reclaimedCount, 2)
      assert.deepEqual(await blobsOf(store, []), [])
      gate.open()
      await dying
    },
  },
  {
    name: 'everybody-dead',
    title: 'when every session has died, at any step, sweeps and audits alone bring the store to empty',
    async run(context) {
      const { store, manifest } = await context.create()
      const before = gateOf(context)
      const after = gateOf(context)
      const [stopsBefore, stopsAfter] = [
        stoppedBefore(store, 'put', before),
        stoppedBefore(manifest, 'commitRefs', after),
      ]
      const dyingBeforeWrite = sessionOf({ store: stopsBefore, manifest }, 'before the write')
      const dyingBeforeCommit = sessionOf({ store, manifest: stopsAfter }, 'before the commit')
      const stalled = ['a', 'b'].map(text => inBackground(put(dyingBeforeWrite, text)))
      for (const text of ['b', 'c']) await put(dyingBeforeCommit, text)
      const committing = inBackground(dyingBeforeCommit.commit())
      const ended = sessionOf({ store, manifest }, 'ended')
      await hold(ended, 'd')
      await ended.release()
      await Promise.all([before.reached, after.reached])
      await sweep({ store, manifest })
      assert.deepEqual(await blobsOf(store, ['a', 'b', 'c', 'd']), [])
      assert.deepEqual(await collected(manifest.listUncommitted(noGrace)), [])
      before.open()
      after.open()
      await Promise.allSettled([...stalled, committing])
    },
  },
  {
    name: 'aborted',
    title: 'a sweep that is aborted rejects with the reason, and a later one does the rest',
    async run(context) {
      const pair = await context.create()
      const texts = await putOrphans(pair, 12)
      const reason = new Error('shutting down')
      const already = { signal: AbortSignal.abort(reason) }
      const refused = reclaimOrphanedAttachments(pair.manifest, pair.store, noGrace, already)
      await assert.rejects(refused, error => error === reason)
      const controller = new AbortController()
      const sweeping = reclaimOrphanedAttachments(pair.manifest, pair.store, noGrace, {
        signal: controller.signal,
        batchSize: 4,
        onProgress: () => controller.abort(reason),
      })
      await assert.rejects(sweeping, error => error === reason)
      await takeOverSweep(pair)
      assert.deepEqual(await blobsOf(pair.store, texts), [])
    },
  },
  {
    name: 'aborted-by-a-timer',
    title: 'a sweep lets its host come to abort it, however fast it is',
    async run(context) {
      const pair = await context.create()
      const texts = await putOrphans(pair, 12)
      const reason = new Error('shutting down')
      const controller = new AbortController()
      setImmediate(() => controller.abort(reason))
      const options = { signal: controller.signal, batchSize: 1 }
      const sweeping = reclaimOrphanedAttachments(pair.manifest, pair.store, noGrace, options)
      await assert.rejects(sweeping, error => error === reason)
      await takeOverSweep(pair)
      assert.deepEqual(await blobsOf(pair.store, texts), [])
    },
  },
  {
    name: 'failing-manifest',
    title: 'a sweep rejects when the manifest fails, and deletes nothing that it could not claim',
    async run(context) {
      const { store, manifest } = await context.create()
      await put(sessionOf({ store, manifest }, 'session'), 'a')
      const cause = new Error('the manifest is down')
      const down = intercepted(manifest, { claimOrphans: () => Promise.reject(cause) })
      await assert.rejects(reclaimOrphanedAttachments(down, store, noGrace), error => error === cause)
      assert.deepEqual(await blobsOf(store, ['a']), ['a'])
    },
  },
  {
    name: 'bad-arguments',
    title: 'a sweep at no time at all is refused, and takes nothing',
    async run(context) {
      const pair = await context.create()
      await put(sessionOf(pair, 'session'), 'a')
      for (const time of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, undefined as never, new Date() as never]) {
        await assert.rejects(reclaimOrphanedAttachments(pair.manifest, pair.store, time), error =>
          AttachmentInvalidArgumentError.isInstance(error),
        )
      }
      assert.deepEqual(await blobsOf(pair.store, ['a']), ['a'])
    },
  },
])
