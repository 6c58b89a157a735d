import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertInvalid, yesterday } from '../steps.ts'

export const commitCases: readonly ManifestCase[] = manifestGroup('commit', {
  'by-ref': {
    title: 'a commit by ref commits the ref and changes nothing else about it',
    async run({ record, commit, entry }) {
      await record('a', 'session')
      const before = await entry('a', 'session')
      assert.equal(before.committedAtEpochMs, undefined)
      await commit('session', 'a@0')
      const { committedAtEpochMs, ...after } = await entry('a', 'session')
      assert.ok(committedAtEpochMs !== undefined && committedAtEpochMs > yesterday())
      assert.deepEqual(after, before)
    },
  },
  'at-the-clock': {
    title: 'a commit is dated by the clock of the manifest, not by the intent',
    requires: ['clock'],
    async run({ record, commit, entry, clockAt }) {
      await clockAt(77_000)
      await record('a', 'session', 1000)
      await commit('session', 'a')
      assert.equal((await entry('a', 'session')).committedAtEpochMs, 77_000)
    },
  },
  'by-bare-id': {
    title: "a bare id stands for the generation of the session's last intent",
    async run({ record, commit, entry, isCommitted, reclaim }) {
      await record('a', 'session')
      await reclaim('a')
      await record('a', 'session')
      await commit('session', 'a')
      assert.equal((await entry('a', 'session')).generation, 1)
      assert.ok(await isCommitted('a', 'session'))
    },
  },
  'old-generation': {
    title: 'a ref is exact: a newer intent does not make a ref of an older generation committable',
    async run({ record, commit, mustRefuse, isCommitted, reclaim }) {
      assert.equal(await record('a', 'session'), 0)
      await reclaim('a')
      assert.equal(await record('a', 'session'), 1)
      await mustRefuse('session', ['a@0'], 'the bytes of generation 0 are gone')
      assert.ok(!(await isCommitted('a', 'session')))
      await commit('session', 'a@1')
    },
  },
  'future-generation': {
    title: 'a ref of a generation that was never given out is refused',
    async run({ record, commit, mustRefuse }) {
      await record('a', 'session')
      await mustRefuse('session', ['a@1'], 'nobody wrote generation 1')
      await commit('session', 'a@0')
      await mustRefuse('session', ['a@1'], 'committed at 0, not at 1')
    },
  },
  'all-or-nothing': {
    title: 'a commit with one bad ref commits none of its refs',
    async run({ record, commit, mustRefuse, isCommitted, reclaim }) {
      for (const name of ['a', 'b', 'c', 'd']) await record(name, 'session')
      await reclaim('c')
      await mustRefuse('session', ['a@0', 'b', 'c@0', 'd@0'], 'a sweep took c', ['c'])
      for (const name of ['a', 'b', 'd']) {
        assert.ok(!(await isCommitted(name, 'session')), `${name} was committed although the commit was refused`)
      }
      await commit('session', 'a@0', 'b', 'd@0')
    },
  },
  'names-every-id': {
    title: 'a refused commit names every id that failed, each once, and no other',
    async run({ record, mustRefuse, release, claimOnly, reclaim }) {
      for (const name of ['good', 'swept', 'claimed', 'released']) await record(name, 'session')
      await record('of-another', 'other')
      await reclaim('swept')
      await claimOnly('claimed')
      await release('session', 'released')
      const failing = ['swept', 'claimed', 'released', 'of-another', 'never-put']
      const refs = ['good', ...failing].flatMap(name => [`${name}@0`, name])
      await mustRefuse('session', refs, 'five reasons to fail', failing)
    },
  },
  'matches-nothing': {
    title: 'a commit that matches no ref is refused; it never silently does nothing',
    async run({ hold, mustRefuse, lookup }) {
      await mustRefuse('session', ['a'], 'unknown content, by bare id')
      await mustRefuse('session', ['a@0'], 'unknown content, by ref')
      await hold('a', 'other')
      await mustRefuse('session', ['a'], "another session's ref, by bare id")
      await mustRefuse('session', ['a@0'], "another session's ref, by ref")
      assert.equal(await lookup('a', 'session'), undefined)
    },
  },
  twice: {
    title: 'committing again succeeds and keeps the first time',
    async run({ hold, commit, entry, clockAt }) {
      await clockAt(50_000)
      await hold('a', 'session')
      const first = await entry('a', 'session')
      await clockAt(60_000)
      await commit('session', 'a@0')
      await commit('session', 'a')
      assert.deepEqual(await entry('a', 'session'), first)
    },
  },
  'same-ref-twice-in-one': {
    title: 'a commit may name the same content more than once',
    async run({ record, commit, mustRefuse, isCommitted }) {
      await record('a', 'session')
      await commit('session', 'a@0', 'a@0', 'a')
      assert.ok(await isCommitted('a', 'session'))
      for (const refs of [
        ['a@0', 'a@1'],
        ['a@1', 'a@0'],
        ['a@1', 'a'],
      ]) {
        await mustRefuse('session', refs, 'one of the two refs is wrong')
      }
    },
  },
  nothing: {
    title: 'a commit of no refs does nothing',
    async run({ record, commit, isCommitted }) {
      await record('a', 'session')
      await commit('session')
      await commit('unknown session')
      assert.ok(!(await isCommitted('a', 'session')))
    },
  },
  'after-claim': {
    title: 'after a sweep has claimed the content, commits are refused, also when the sweep is done',
    async run({ record, mustRefuse, claimOnly, takeOver, settle }) {
      await record('a', 'session')
      const claimed = await claimOnly('a')
      await mustRefuse('session', ['a@0'], 'claimed, by ref')
      await mustRefuse('session', ['a'], 'claimed, by bare id')
      await takeOver('a')
      await mustRefuse('session', ['a@0'], 'taken over')
      await settle(claimed)
      await mustRefuse('session', ['a@0'], 'settled by who lost the claim')
    },
  },
  'after-another-session-met-the-claim': {
    title: 'when the intent of another session meets the claim, the ref that the claim took is not revived',
    async run({ record, commit, mustRefuse, claimOnly }) {
      await record('a', 'slow')
      await claimOnly('a')
      await record('a', 'fast')
      await mustRefuse('slow', ['a@0'], 'taken at generation 0')
      await mustRefuse('slow', ['a@1'], 'never recorded at generation 1')
      await mustRefuse('slow', ['a'], 'holds no ref')
      await commit('fast', 'a@1')
    },
  },
  'after-release': {
    title: 'a commit of a released ref is refused',
    async run({ hold, mustRefuse, release }) {
      await hold('a', 'session')
      await release('session', 'a')
      await mustRefuse('session', ['a@0'], 'released, by ref')
      await mustRefuse('session', ['a'], 'released, by bare id')
    },
  },
  'never-claimed': {
    title: 'committed content is never claimed, at any age, whatever refs other sessions have to it',
    async run({ record, hold, commit, claim }) {
      await record('a', 'dead', 1)
      await hold('a', 'session')
      for (let sweep = 0; sweep < 3; sweep++) assert.deepEqual(await claim(), [])
      await commit('session', 'a@0')
      assert.equal(await record('a', 'dead'), 0)
    },
  },
  aborted: {
    title: 'a commit with an aborted signal rejects with its reason and commits nothing',
    async run({ manifest, record, isCommitted }) {
      await record('a', 'session')
      const reason = new Error('changed my mind')
      const aborted = manifest.commitRefs('session', [idOf('a')], { signal: AbortSignal.abort(reason) })
      await assert.rejects(aborted, error => error === reason)
      assert.ok(!(await isCommitted('a', 'session')))
    },
  },
  'foreign-transaction': {
    title: 'a manifest that cannot join a transaction mustRefuse one, and commits nothing outside of it',
    async run({ manifest, record, isCommitted, fixture }) {
      if (fixture.begin !== undefined) return
      await record('a', 'session')
      await assertInvalid(() => manifest.commitRefs('session', [idOf('a')], { client: {} }), 'a client')
      assert.ok(!(await isCommitted('a', 'session')))
    },
  },
})
