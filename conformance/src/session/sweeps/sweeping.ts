import assert from 'node:assert/strict'
import {
  AttachmentInvalidArgumentError,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
} from '@lash/attachments-core'
import type { SessionCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { rejectsWithReason } from '../../run/expect.ts'
import { collect } from '../../run/samples.ts'
import { failingWith, failsFor } from '../interception.ts'
import { noGrace, sessionGroup } from '../pair-under-test.ts'
import { Sweepers } from '../sweepers.ts'

/** A sweep with this option takes over no claim, however old. */
const noTakeover = { staleClaimEpochMs: 0 }

export const sweepingCases: readonly SessionCase[] = sessionGroup('sweep', {
  'exactly-the-orphans': {
    title: 'a sweep takes exactly what nobody committed or still holds, and counts it',
    async run({ session, sweep, blobs }) {
      const [a, b] = [session('a'), session('b')]
      for (const text of ['committed', 'shared', 'half', 'released', 'left']) await a.hold(text)
      await b.hold('shared')
      await a.release(['shared', 'released', 'left'].map(idOf))
      await b.putText('half')
      await b.putText('orphan')
      await a.putText('left')
      assert.deepEqual(await sweep(), { scannedIntentCount: 3, reclaimedCount: 3, failures: [] })
      assert.deepEqual(await blobs(), ['committed', 'half', 'shared'])
      await a.mustRead('committed', 'committed')
      await a.mustRead('half', 'committed by one of two')
      await b.mustRead('shared', 'released by the other')
      for (const text of ['released', 'left']) await a.mustNotFind(text, text)
      await b.mustNotFind('orphan', 'never committed')
      assert.deepEqual(await sweep(), { scannedIntentCount: 0, reclaimedCount: 0, failures: [] })
    },
  },
  grace: {
    title: 'a sweep leaves alone what was put after its cutoff',
    async run({ store, manifest, session }) {
      const writing = session()
      const before = Date.now() - 24 * 60 * 60 * 1000
      await writing.putText('young')
      const report = await reclaimOrphanedAttachments(manifest, store, before)
      assert.deepEqual(report, { scannedIntentCount: 0, reclaimedCount: 0, failures: [] })
      await writing.mustRead('young', 'still live')
      assert.equal((await writing.commit()).length, 1)
    },
  },
  'in-batches': {
    title: 'a sweep goes on batch by batch until nothing is left, and reports its progress',
    async run({ sweep, putOrphans, blobs }) {
      await putOrphans(25)
      const counts: number[] = []
      const report = await sweep({
        batchSize: 4,
        concurrency: 2,
        onProgress: progress => counts.push(progress.reclaimedCount),
      })
      assert.equal(report.reclaimedCount, 25)
      assert.equal(counts.at(-1), 25)
      assert.ok(counts.length >= 7, 'progress is told for each batch')
      const growing = counts.toSorted((x, y) => x - y)
      assert.deepEqual(counts, growing)
      assert.deepEqual(await blobs(), [])
    },
  },
  'bad-options': {
    title: 'a sweep or an audit with an option out of range is refused before it claims anything',
    async run({ store, manifest, session, sweep }) {
      await session().putText('orphan')
      const bad = [{ concurrency: 0 }, { concurrency: Number.NaN }, { batchSize: Number.NaN }]
      for (const reclaim of [reclaimOrphanedAttachments, reclaimUnreferencedAttachments]) {
        for (const options of bad) {
          const refused = reclaim(manifest, store, noGrace, options)
          await assert.rejects(refused, error => AttachmentInvalidArgumentError.isInstance(error))
        }
      }
      assert.equal((await sweep(noTakeover)).reclaimedCount, 1, 'it was not claimed before')
    },
  },
  'failing-delete': {
    title: 'a sweep goes on past a delete that fails and reports it; a later sweep takes what is left',
    async run({ session, intercepted, takeOverSweep, blobs }) {
      const writing = session()
      for (const text of ['a', 'stuck', 'b', 'c']) await writing.putText(text)
      const cause = new Error('permission denied')
      const report = await intercepted({ delete: failsFor('stuck', cause) }).sweep({ batchSize: 2 })
      assert.equal(report.reclaimedCount, 3)
      assert.deepEqual(report.failures, [{ id: idOf('stuck'), generation: 0, error: cause }])
      assert.deepEqual(await blobs(), ['stuck'])
      assert.deepEqual((await takeOverSweep()).failures, [])
      assert.deepEqual(await blobs(), [])
    },
  },
  'failing-delete-then-put': {
    title: 'bytes whose delete failed can be put again, and a late delete does not take them',
    async run({ store, session, sweep, intercepted }) {
      const writing = session()
      await writing.putText('a')
      const failing = intercepted({ delete: failingWith(new Error('not now')) })
      assert.equal((await failing.sweep()).failures.length, 1)
      assert.equal((await writing.hold('a')).generation, 1)
      await store.delete(idOf('a'), { generation: 0 })
      await sweep()
      await writing.mustRead('a', 'at the next generation')
    },
  },
  'dry-run': {
    title: 'a dry run counts what a sweep would take, and changes nothing',
    async run({ manifest, session, sweep, blobs }) {
      const [a, b] = [session('a'), session('b')]
      await a.hold('kept')
      for (const text of ['x', 'y']) await a.putText(text)
      await b.putText('x')
      const before = await collect(manifest.listRefs('a'))
      const report = await sweep({ dryRun: true })
      assert.deepEqual(report, { scannedIntentCount: 2, reclaimedCount: 0, failures: [] })
      assert.deepEqual(await blobs(), ['kept', 'x', 'y'])
      assert.deepEqual(await collect(manifest.listRefs('a')), before)
      await a.commit()
      await b.commit()
      assert.equal((await sweep()).reclaimedCount, 0)
    },
  },
  'two-at-once': {
    title: 'two sweeps at once reclaim each orphan once between them',
    async run({ session, sweep, putOrphans, blobs }) {
      await putOrphans(40)
      await session('other').hold('kept')
      // Neither takes over what the other has just claimed.
      const options = { batchSize: 3, ...noTakeover }
      const [first, second] = await Promise.all([sweep(options), sweep(options)])
      assert.equal(first.reclaimedCount + second.reclaimedCount, 40)
      assert.deepEqual(await blobs(), ['kept'])
    },
  },
  'no-grace': {
    title: 'sweeps without grace, all the time, never lose a committed byte',
    async run(pair) {
      const texts = ['a', 'b', 'c']
      const sweepers = new Sweepers(pair, 2)
      const writer = async (name: string) => {
        const session = pair.session(name)
        for (let round = 0; round < 4; round++) {
          for (const text of texts) {
            await sweepers.outlast(() => session.hold(text))
            await session.mustRead(text, `${name}, round ${round}`)
          }
          for (const text of texts) await session.mustRead(text, `${name}, end of round ${round}`)
          if (round % 2 === 0) await session.delete(idOf('a'))
          else if (round < 3) await session.release()
        }
      }
      const names = ['first', 'second', 'third']
      await Promise.all(names.map(writer)).finally(() => sweepers.stop())
      for (const name of names) {
        for (const text of texts) await pair.session(name).mustRead(text, `${name}, in the end`)
      }
    },
  },
  'dead-sweeper': {
    title: 'a later sweep takes what a sweeper had claimed that died before its deletes',
    async run({ session, sweep, takeOverSweep, stall, blobs }) {
      const writing = session()
      for (const text of ['a', 'b']) await writing.putText(text)
      const dying = await stall('before delete', pair => pair.sweep())
      assert.equal((await sweep(noTakeover)).reclaimedCount, 0, 'its claims are not stale yet')
      assert.equal((await takeOverSweep()).reclaimedCount, 2)
      assert.deepEqual(await blobs(), [])
      await dying.goOn()
    },
  },
  'everybody-dead': {
    title: 'when every session has died, at any step, sweeps alone bring the store to empty',
    async run({ manifest, session, sweep, stall, stoppable, blobs }) {
      const puts = [
        await stall('before put', pair => pair.session('before the write').putText('a')),
        await stall('before put', pair => pair.session('before the write').putText('b')),
      ]
      const stop = stoppable('before commitRefs')
      const dying = stop.session('before the commit')
      for (const text of ['b', 'c']) await dying.putText(text)
      const commit = await stop.stallThere(() => dying.commit())
      const ended = session('ended')
      await ended.hold('d')
      await ended.release()
      await sweep()
      assert.deepEqual(await blobs(), [])
      assert.deepEqual(await collect(manifest.listUncommitted(noGrace)), [])
      await Promise.allSettled([...puts, commit].map(stalled => stalled.goOn()))
    },
  },
  aborted: {
    title: 'a sweep that is aborted rejects with the reason, and a later one does the rest',
    async run({ sweep, takeOverSweep, putOrphans, blobs }) {
      await putOrphans(12)
      const reason = new Error('shutting down')
      await rejectsWithReason(sweep({ signal: AbortSignal.abort(reason) }), reason, 'aborted before the call')
      const abort = new AbortController()
      const sweeping = sweep({ signal: abort.signal, batchSize: 4, onProgress: () => abort.abort(reason) })
      await rejectsWithReason(sweeping, reason, 'aborted midway')
      await takeOverSweep()
      assert.deepEqual(await blobs(), [])
    },
  },
  'aborted-by-a-timer': {
    title: 'a sweep lets its host run in between, however fast the sweep is, so that the host can abort it',
    async run({ sweep, takeOverSweep, putOrphans, blobs }) {
      await putOrphans(12)
      const reason = new Error('shutting down')
      const abort = new AbortController()
      setImmediate(() => abort.abort(reason))
      await rejectsWithReason(sweep({ signal: abort.signal, batchSize: 1 }), reason, 'aborted by the host')
      await takeOverSweep()
      assert.deepEqual(await blobs(), [])
    },
  },
  'failing-manifest': {
    title: 'a sweep rejects when the manifest fails, and deletes nothing that it could not claim',
    async run({ session, intercepted, blobs }) {
      await session().putText('a')
      const cause = new Error('the manifest is down')
      const down = intercepted({ claimOrphans: failingWith(cause) })
      await rejectsWithReason(down.sweep(), cause, 'sweep')
      assert.deepEqual(await blobs(), ['a'])
    },
  },
  'bad-arguments': {
    title: 'a sweep without a valid time is refused, and takes nothing',
    async run({ store, manifest, session, blobs }) {
      await session().putText('a')
      for (const time of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, undefined as never, new Date() as never]) {
        await assert.rejects(reclaimOrphanedAttachments(manifest, store, time), error =>
          AttachmentInvalidArgumentError.isInstance(error),
        )
      }
      assert.deepEqual(await blobs(), ['a'])
    },
  },
})
