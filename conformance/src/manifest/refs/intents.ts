import assert from 'node:assert/strict'
import { caseGroup, type ManifestCase } from '../../case.ts'
import {
  assertExpired,
  claim,
  claimOnly,
  entryOf,
  hold,
  idOf,
  intentFor,
  namesOf,
  reclaim,
  record,
  refOf,
  takeOver,
} from '../steps.ts'

export const intentCases: readonly ManifestCase[] = caseGroup('manifest', 'intent', [
  {
    name: 'starts-at-zero',
    title: 'content that is unknown starts at generation 0, and the entry is what was recorded',
    async run(context) {
      const { manifest } = await context.create()
      const meta = { mediaType: 'image/png', width: 640, height: 0, label: 'Übersicht 🗺 "1".png' }
      const intent = intentFor('a', 'session', 1234, meta)
      assert.equal(await manifest.recordIntent(intent), 0)
      assert.deepEqual(await entryOf(manifest, 'a', 'session'), { ...intent, generation: 0 })
    },
  },
  {
    name: 'without-metadata',
    title: 'an intent without metadata is an entry without metadata',
    async run(context) {
      const { manifest } = await context.create()
      const { meta: _, ...intent } = intentFor('a', 'session')
      await manifest.recordIntent(intent)
      assert.deepEqual(await entryOf(manifest, 'a', 'session'), { ...intent, generation: 0 })
    },
  },
  {
    name: 'second-session',
    title: 'a second session that records the same content has its own ref, beside the first',
    async run(context) {
      const { manifest } = await context.create()
      const first = intentFor('a', 'first', 1000, { mediaType: 'text/plain', label: 'of the first' })
      const second = intentFor('a', 'second', 2000, { mediaType: 'text/csv', label: 'of the second' })
      assert.equal(await manifest.recordIntent(first), 0)
      assert.equal(await manifest.recordIntent(second), 0)
      assert.deepEqual(await entryOf(manifest, 'a', 'first'), { ...first, generation: 0 })
      assert.deepEqual(await entryOf(manifest, 'a', 'second'), { ...second, generation: 0 })
    },
  },
  {
    name: 'refreshes',
    title: 'recording again refreshes the time and the metadata, and a sweep goes by the new time',
    async run(context) {
      const { manifest } = await context.create()
      await manifest.recordIntent(intentFor('a', 'session', 1000, { mediaType: 'text/plain', label: 'old', width: 3 }))
      const again = intentFor('a', 'session', 2000, { mediaType: 'text/html' })
      assert.equal(await manifest.recordIntent(again), 0)
      assert.deepEqual(await entryOf(manifest, 'a', 'session'), { ...again, generation: 0 })
      assert.deepEqual(await claim(manifest, 1999), [])
      assert.equal((await claim(manifest, 2000)).length, 1)
    },
  },
  {
    name: 're-put-stays-committed',
    title: 'recording committed content again at the same generation never un-commits it',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      const before = await entryOf(manifest, 'a', 'session')
      assert.equal(await record(manifest, 'a', 'session', 5000), 0)
      assert.deepEqual(await entryOf(manifest, 'a', 'session'), { ...before, intentAtEpochMs: 5000 })
      assert.deepEqual(await claim(manifest), [], 'committed content must not be claimed')
    },
  },
  {
    name: 're-put-after-release',
    title: 'recording released content again makes the ref live and not committed, until it is committed again',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      await manifest.releaseRefs('session')
      const intent = intentFor('a', 'session', 5000)
      assert.equal(await manifest.recordIntent(intent), 0)
      assert.deepEqual(await entryOf(manifest, 'a', 'session'), { ...intent, generation: 0 })
      assert.equal((await claim(manifest)).length, 1, 'what is not committed again is an orphan')
    },
  },
  {
    name: 're-put-at-another-generation',
    title: 'recording content again at another generation makes a ref that is not committed',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      await manifest.forget(idOf('a'))
      const generation = await record(manifest, 'a', 'session')
      assert.equal(generation, 1)
      assert.equal((await entryOf(manifest, 'a', 'session')).committedAtEpochMs, undefined)
      assert.equal((await claim(manifest)).length, 1)
    },
  },
  {
    name: 'meets-claim',
    title: 'an intent that meets a claim moves to the next generation, which the sweeper cannot touch',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'dead')
      const claimed = await claimOnly(manifest, 'a')
      assert.equal(claimed.generation, 0)
      const generation = await record(manifest, 'a', 'session')
      assert.equal(generation, 1, 'the bytes of generation 0 are being deleted')
      assert.equal((await entryOf(manifest, 'a', 'session')).generation, 1)
      await manifest.commitRefs('session', [refOf('a', 1)])
      await manifest.settleClaims([claimed])
      assert.equal((await entryOf(manifest, 'a', 'session')).generation, 1)
      assert.equal(await record(manifest, 'a', 'other'), 1)
    },
  },
  {
    name: 'drops-claim',
    title: 'an intent that meets a claim drops it: nobody can take it over, and the content can be claimed anew',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'dead')
      const claimed = await claimOnly(manifest, 'a')
      await record(manifest, 'a', 'session', 5000)
      assert.equal(await takeOver(manifest, 'a'), undefined)
      const anew = await claimOnly(manifest, 'a')
      assert.equal(anew.generation, 1)
      assert.notEqual(anew.token, claimed.token)
    },
  },
  {
    name: 'after-settle',
    title: 'a generation that was reclaimed is never used again',
    async run(context) {
      const { manifest } = await context.create()
      for (let generation = 0; generation < 4; generation++) {
        assert.equal(await record(manifest, 'a', 'session'), generation)
        assert.equal((await reclaim(manifest, 'a')).generation, generation)
      }
    },
  },
  {
    name: 'generations-grow',
    title: 'generations only grow, across claim, intent, takeover, settle, audit and forget',
    async run(context) {
      const { manifest } = await context.create()
      let reclaimed = -1
      const nextIsNew = async (step: string) => {
        const generation = await record(manifest, 'a', 'session')
        assert.ok(generation > reclaimed, `after ${step}: generation ${generation} was already given up`)
        await manifest.commitRefs('session', [refOf('a', generation)])
        await manifest.releaseRefs('session')
        reclaimed = generation
      }
      await nextIsNew('nothing')
      const stalled = await claimOnly(manifest, 'a')
      await nextIsNew('a claim')
      await manifest.settleClaims([stalled])
      await reclaim(manifest, 'a')
      await nextIsNew('a settlement')
      await claimOnly(manifest, 'a')
      const taken = await takeOver(manifest, 'a')
      assert.ok(taken)
      await nextIsNew('a takeover')
      await manifest.settleClaims([taken])
      await reclaim(manifest, 'a')
      const [blob] = await manifest.claimBlobs([{ id: idOf('a'), generation: reclaimed + 5 }])
      assert.equal(blob?.generation, reclaimed + 5)
      reclaimed += 5
      await nextIsNew('an audit that claimed')
      await manifest.forget(idOf('a'))
      await nextIsNew('a forget')
      await claimOnly(manifest, 'a')
      await manifest.forget(idOf('a'))
      await nextIsNew('a forget of claimed content')
      // Settlements of other contents may purge what is very old, never what is not.
      for (const name of ['b', 'c', 'd']) {
        await record(manifest, name, 'session')
        await reclaim(manifest, name)
      }
      await reclaim(manifest, 'a')
      await nextIsNew('settlements of other contents')
    },
  },
  {
    name: 'independent-contents',
    title: 'what happens to one content changes nothing of another, also of the same session',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'kept', 'session')
      await record(manifest, 'gone', 'session')
      await reclaim(manifest, 'gone')
      assert.equal(await record(manifest, 'gone', 'session'), 1)
      assert.equal(await record(manifest, 'kept', 'session'), 0)
      await assertExpired(manifest.commitRefs('session', [refOf('gone', 0)]), ['gone'], 'reclaimed generation')
      assert.deepEqual(namesOf(await claim(manifest), ['gone', 'kept']), ['gone'])
    },
  },
])
