import assert from 'node:assert/strict'
import { caseGroup, type ManifestCase } from '../../case.ts'
import {
  assertExpired,
  assertInvalid,
  claim,
  claimOnly,
  entryOf,
  hold,
  idOf,
  reclaim,
  record,
  refOf,
  takeOver,
  yesterday,
} from '../steps.ts'

export const commitCases: readonly ManifestCase[] = caseGroup('manifest', 'commit', [
  {
    name: 'by-ref',
    title: 'a commit by ref makes the ref committed, and changes nothing else of it',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const before = await entryOf(manifest, 'a', 'session')
      assert.equal(before.committedAtEpochMs, undefined)
      await manifest.commitRefs('session', [refOf('a', 0)])
      const { committedAtEpochMs, ...after } = await entryOf(manifest, 'a', 'session')
      assert.ok(committedAtEpochMs !== undefined && committedAtEpochMs > yesterday())
      assert.deepEqual(after, before)
    },
  },
  {
    name: 'at-the-clock',
    title: 'the time of a commit is that of the manifest, not of the intent',
    requires: ['clock'],
    async run(context) {
      const { manifest, setClock } = await context.create()
      setClock?.(77_000)
      await record(manifest, 'a', 'session', 1000)
      await manifest.commitRefs('session', [idOf('a')])
      assert.equal((await entryOf(manifest, 'a', 'session')).committedAtEpochMs, 77_000)
    },
  },
  {
    name: 'by-bare-id',
    title: "a bare id stands for the generation of the session's last intent",
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await reclaim(manifest, 'a')
      await record(manifest, 'a', 'session')
      await manifest.commitRefs('session', [idOf('a')])
      const entry = await entryOf(manifest, 'a', 'session')
      assert.equal(entry.generation, 1)
      assert.notEqual(entry.committedAtEpochMs, undefined)
    },
  },
  {
    name: 'old-generation',
    title: 'a ref is exact: one of an older generation is refused on the strength of a newer intent',
    async run(context) {
      const { manifest } = await context.create()
      const older = refOf('a', await record(manifest, 'a', 'session'))
      await reclaim(manifest, 'a')
      assert.equal(await record(manifest, 'a', 'session'), 1)
      await assertExpired(manifest.commitRefs('session', [older]), ['a'], 'the bytes of generation 0 are gone')
      assert.equal((await entryOf(manifest, 'a', 'session')).committedAtEpochMs, undefined)
      await manifest.commitRefs('session', [refOf('a', 1)])
    },
  },
  {
    name: 'future-generation',
    title: 'a ref of a generation that was never given out is refused',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await assertExpired(manifest.commitRefs('session', [refOf('a', 1)]), ['a'], 'nobody wrote generation 1')
      await manifest.commitRefs('session', [refOf('a', 0)])
      await assertExpired(manifest.commitRefs('session', [refOf('a', 1)]), ['a'], 'committed at 0, not at 1')
    },
  },
  {
    name: 'all-or-nothing',
    title: 'a commit of which one ref fails commits none of them',
    async run(context) {
      const { manifest } = await context.create()
      for (const name of ['a', 'b', 'c', 'd']) await record(manifest, name, 'session')
      await reclaim(manifest, 'c')
      const refs = [refOf('a', 0), idOf('b'), refOf('c', 0), refOf('d', 0)]
      await assertExpired(manifest.commitRefs('session', refs), ['c'], 'a sweep took c')
      for (const name of ['a', 'b', 'd']) {
        const { committedAtEpochMs } = await entryOf(manifest, name, 'session')
        assert.equal(committedAtEpochMs, undefined, `${name} was committed although the commit was refused`)
      }
      await manifest.commitRefs('session', [refOf('a', 0), idOf('b'), refOf('d', 0)])
    },
  },
  {
    name: 'names-every-id',
    title: 'a refused commit names every id that failed, each once, and no other',
    async run(context) {
      const { manifest } = await context.create()
      for (const name of ['good', 'swept', 'claimed', 'released']) await record(manifest, name, 'session')
      await record(manifest, 'of-another', 'other')
      await reclaim(manifest, 'swept')
      await claimOnly(manifest, 'claimed')
      await manifest.releaseRefs('session', [idOf('released')])
      const failing = ['swept', 'claimed', 'released', 'of-another', 'never-put']
      const refs = ['good', ...failing].flatMap(name => [refOf(name, 0), idOf(name)])
      await assertExpired(manifest.commitRefs('session', refs), failing, 'five reasons to fail')
    },
  },
  {
    name: 'matches-nothing',
    title: 'a commit that matches no ref is refused, never silently nothing',
    async run(context) {
      const { manifest } = await context.create()
      await assertExpired(manifest.commitRefs('session', [idOf('a')]), ['a'], 'unknown content, by bare id')
      await assertExpired(manifest.commitRefs('session', [refOf('a', 0)]), ['a'], 'unknown content, by ref')
      await hold(manifest, 'a', 'other')
      await assertExpired(manifest.commitRefs('session', [idOf('a')]), ['a'], "another session's ref, by bare id")
      await assertExpired(manifest.commitRefs('session', [refOf('a', 0)]), ['a'], "another session's ref, by ref")
      assert.equal(await manifest.lookup('session', idOf('a')), undefined)
    },
  },
  {
    name: 'twice',
    title: 'committing again is fine and keeps the first time',
    async run(context) {
      const { manifest, setClock } = await context.create()
      setClock?.(50_000)
      await hold(manifest, 'a', 'session')
      const first = await entryOf(manifest, 'a', 'session')
      setClock?.(60_000)
      const started = Date.now()
      while (setClock === undefined && Date.now() < started + 3) await new Promise(resolve => setImmediate(resolve))
      await manifest.commitRefs('session', [refOf('a', 0)])
      await manifest.commitRefs('session', [idOf('a')])
      assert.deepEqual(await entryOf(manifest, 'a', 'session'), first)
    },
  },
  {
    name: 'same-ref-twice-in-one',
    title: 'a commit may name the same content more than once',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await manifest.commitRefs('session', [refOf('a', 0), refOf('a', 0), idOf('a')])
      assert.notEqual((await entryOf(manifest, 'a', 'session')).committedAtEpochMs, undefined)
      const mixed = manifest.commitRefs('session', [refOf('a', 0), refOf('a', 1)])
      await assertExpired(mixed, ['a'], 'one of the two refs is wrong')
    },
  },
  {
    name: 'nothing',
    title: 'a commit of no refs does nothing',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await manifest.commitRefs('session', [])
      await manifest.commitRefs('unknown session', [])
      assert.equal((await entryOf(manifest, 'a', 'session')).committedAtEpochMs, undefined)
    },
  },
  {
    name: 'after-claim',
    title: 'a commit after a sweep claimed the content is refused, before and after the sweep is done',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const claimed = await claimOnly(manifest, 'a')
      await assertExpired(manifest.commitRefs('session', [refOf('a', 0)]), ['a'], 'claimed, by ref')
      await assertExpired(manifest.commitRefs('session', [idOf('a')]), ['a'], 'claimed, by bare id')
      await takeOver(manifest, 'a')
      await assertExpired(manifest.commitRefs('session', [refOf('a', 0)]), ['a'], 'taken over')
      await manifest.settleClaims([claimed])
      await assertExpired(manifest.commitRefs('session', [refOf('a', 0)]), ['a'], 'settled by who lost the claim')
    },
  },
  {
    name: 'after-another-session-met-the-claim',
    title: 'the intent of another session that meets the claim does not revive the ref that was taken',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'slow')
      await claimOnly(manifest, 'a')
      await record(manifest, 'a', 'fast')
      await assertExpired(manifest.commitRefs('slow', [refOf('a', 0)]), ['a'], 'taken at generation 0')
      await assertExpired(manifest.commitRefs('slow', [refOf('a', 1)]), ['a'], 'never recorded at generation 1')
      await assertExpired(manifest.commitRefs('slow', [idOf('a')]), ['a'], 'holds no ref')
      await manifest.commitRefs('fast', [refOf('a', 1)])
    },
  },
  {
    name: 'after-release',
    title: 'a commit of a released ref is refused',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      await manifest.releaseRefs('session', [idOf('a')])
      await assertExpired(manifest.commitRefs('session', [refOf('a', 0)]), ['a'], 'released, by ref')
      await assertExpired(manifest.commitRefs('session', [idOf('a')]), ['a'], 'released, by bare id')
    },
  },
  {
    name: 'never-claimed',
    title: 'committed content is never claimed, at any age, and neither is what other sessions hold of it',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'dead', 1)
      await hold(manifest, 'a', 'session')
      for (let sweep = 0; sweep < 3; sweep++) assert.deepEqual(await claim(manifest), [])
      await manifest.commitRefs('session', [refOf('a', 0)])
      assert.equal(await record(manifest, 'a', 'dead'), 0)
    },
  },
  {
    name: 'aborted',
    title: 'a commit with an aborted signal rejects with its reason and commits nothing',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const reason = new Error('changed my mind')
      const commit = manifest.commitRefs('session', [idOf('a')], { signal: AbortSignal.abort(reason) })
      await assert.rejects(commit, error => error === reason)
      assert.equal((await entryOf(manifest, 'a', 'session')).committedAtEpochMs, undefined)
    },
  },
  {
    name: 'foreign-transaction',
    title: 'a manifest that cannot join a transaction refuses one, and commits nothing outside of it',
    async run(context) {
      const { manifest, begin } = await context.create()
      if (begin !== undefined) return
      await record(manifest, 'a', 'session')
      await assertInvalid(() => manifest.commitRefs('session', [idOf('a')], { client: {} }), 'a client')
      assert.equal((await entryOf(manifest, 'a', 'session')).committedAtEpochMs, undefined)
    },
  },
])
