import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { entryOf, intentFor, namesOf } from '../steps.ts'

export const intentCases: readonly ManifestCase[] = manifestGroup('intent', {
  'starts-at-zero': {
    title: 'unknown content starts at generation 0, and its entry is what was recorded',
    async run({ manifest, entry }) {
      const meta = { mediaType: 'image/png', width: 640, height: 0, label: 'Übersicht 🗺 "1".png' }
      const intent = intentFor('a', 'session', 1234, meta)
      assert.equal(await manifest.recordIntent(intent), 0)
      assert.deepEqual(await entry('a', 'session'), entryOf(intent))
    },
  },
  'falsy-metadata': {
    title: 'metadata that says zero or nothing comes back as it was: a width of 0, an empty label',
    async run({ manifest, entry }) {
      for (const meta of [{ width: 0 }, { height: 0 }, { label: '' }, { width: 0, height: 0, label: '0' }]) {
        await manifest.recordIntent(intentFor('a', 'session', 0, { mediaType: 'image/png', ...meta }))
        assert.deepEqual((await entry('a', 'session')).meta, { mediaType: 'image/png', ...meta })
      }
    },
  },
  'without-metadata': {
    title: 'an intent without metadata gives an entry without metadata',
    async run({ manifest, entry }) {
      const { meta: _, ...intent } = intentFor('a', 'session')
      await manifest.recordIntent(intent)
      assert.deepEqual(await entry('a', 'session'), entryOf(intent))
    },
  },
  'second-session': {
    title: 'a second session that records the same content gets a ref of its own, beside the first',
    async run({ manifest, entry }) {
      const first = intentFor('a', 'first', 1000, { mediaType: 'text/plain', label: 'of the first' })
      const second = intentFor('a', 'second', 2000, { mediaType: 'text/csv', label: 'of the second' })
      assert.equal(await manifest.recordIntent(first), 0)
      assert.equal(await manifest.recordIntent(second), 0)
      assert.deepEqual(await entry('a', 'first'), entryOf(first))
      assert.deepEqual(await entry('a', 'second'), entryOf(second))
    },
  },
  refreshes: {
    title: 'recording again refreshes the time and the metadata, and a sweep goes by the new time',
    async run({ manifest, entry, claim }) {
      await manifest.recordIntent(intentFor('a', 'session', 1000, { mediaType: 'text/plain', label: 'old', width: 3 }))
      const again = intentFor('a', 'session', 2000, { mediaType: 'text/html' })
      assert.equal(await manifest.recordIntent(again), 0)
      assert.deepEqual(await entry('a', 'session'), entryOf(again))
      assert.deepEqual(await claim({ olderThanEpochMs: 1999 }), [])
      assert.equal((await claim({ olderThanEpochMs: 2000 })).length, 1)
    },
  },
  're-put-stays-committed': {
    title: 'recording committed content again at the same generation never un-commits it',
    async run({ record, hold, entry, claim }) {
      await hold('a', 'session')
      const before = await entry('a', 'session')
      assert.equal(await record('a', 'session', 5000), 0)
      assert.deepEqual(await entry('a', 'session'), { ...before, intentAtEpochMs: 5000 })
      assert.deepEqual(await claim(), [], 'committed content must not be claimed')
    },
  },
  're-put-after-release': {
    title: 'recording released content again makes its ref live, and uncommitted until the next commit',
    async run({ manifest, hold, release, entry, claim }) {
      await hold('a', 'session')
      await release('session')
      const intent = intentFor('a', 'session', 5000)
      assert.equal(await manifest.recordIntent(intent), 0)
      assert.deepEqual(await entry('a', 'session'), entryOf(intent))
      assert.equal((await claim()).length, 1, 'what is not committed again is an orphan')
    },
  },
  're-put-at-another-generation': {
    title: 'recording content again at another generation makes an uncommitted ref',
    async run({ record, hold, isCommitted, claim, forget }) {
      await hold('a', 'session')
      await forget('a')
      const generation = await record('a', 'session')
      assert.equal(generation, 1)
      assert.ok(!(await isCommitted('a', 'session')))
      assert.equal((await claim()).length, 1)
    },
  },
  'meets-claim': {
    title: 'an intent that meets a claim moves to the next generation, which the sweeper cannot touch',
    async run({ record, commit, entry, claimOnly, settle }) {
      await record('a', 'dead')
      const claimed = await claimOnly('a')
      assert.equal(claimed.generation, 0)
      const generation = await record('a', 'session')
      assert.equal(generation, 1, 'the bytes of generation 0 are being deleted')
      assert.equal((await entry('a', 'session')).generation, 1)
      await commit('session', 'a@1')
      await settle(claimed)
      assert.equal((await entry('a', 'session')).generation, 1)
      assert.equal(await record('a', 'other'), 1)
    },
  },
  'drops-claim': {
    title: 'an intent that meets a claim drops it: nobody can take it over, and the content can be claimed anew',
    async run({ record, claimOnly, takeOver }) {
      await record('a', 'dead')
      const claimed = await claimOnly('a')
      await record('a', 'session', 5000)
      assert.equal(await takeOver('a'), undefined)
      const anew = await claimOnly('a')
      assert.equal(anew.generation, 1)
      assert.notEqual(anew.token, claimed.token)
    },
  },
  'after-settle': {
    title: 'a generation that was reclaimed is never used again',
    async run({ record, reclaim }) {
      for (let generation = 0; generation < 4; generation++) {
        assert.equal(await record('a', 'session'), generation)
        assert.equal((await reclaim('a')).generation, generation)
      }
    },
  },
  'generations-grow': {
    title: 'generations only grow, across claim, intent, takeover, settle, audit and forget',
    async run({ record, commit, release, claimOnly, takeOver, claimBlobs, settle, reclaim, forget }) {
      let reclaimed = -1
      const nextIsNew = async (step: string) => {
        const generation = await record('a', 'session')
        assert.ok(generation > reclaimed, `after ${step}: generation ${generation} was already given up`)
        await commit('session', `a@${generation}`)
        await release('session')
        reclaimed = generation
      }
      await nextIsNew('nothing')
      const stalled = await claimOnly('a')
      await nextIsNew('a claim')
      await settle(stalled)
      await reclaim('a')
      await nextIsNew('a settlement')
      await claimOnly('a')
      const taken = await takeOver('a')
      assert.ok(taken)
      await nextIsNew('a takeover')
      await settle(taken)
      await reclaim('a')
      reclaimed += 5
      const [blob] = await claimBlobs(`a@${reclaimed}`)
      assert.equal(blob?.generation, reclaimed)
      await nextIsNew('an audit that claimed')
      await forget('a')
      await nextIsNew('a forget')
      await claimOnly('a')
      await forget('a')
      await nextIsNew('a forget of claimed content')
      // Settlements of other contents may purge what is very old, never what is not.
      for (const name of ['b', 'c', 'd']) {
        await record(name, 'session')
        await reclaim(name)
      }
      await reclaim('a')
      await nextIsNew('settlements of other contents')
    },
  },
  'independent-contents': {
    title: 'what happens to one content changes no other content, not even of the same session',
    async run({ record, hold, mustRefuse, claim, reclaim }) {
      await hold('kept', 'session')
      await record('gone', 'session')
      await reclaim('gone')
      assert.equal(await record('gone', 'session'), 1)
      assert.equal(await record('kept', 'session'), 0)
      await mustRefuse('session', ['gone@0'], 'reclaimed generation')
      assert.deepEqual(namesOf(await claim()), ['gone'])
    },
  },
})
