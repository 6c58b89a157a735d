import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { copiesOf, namesOf, yesterday } from '../steps.ts'

export const orphanCases: readonly ManifestCase[] = manifestGroup('claim', {
  'takes-orphans': {
    title: 'a sweep claims exactly the content that nobody committed, with its generation and a token of its own',
    async run({ record, hold, claim, reclaim }) {
      await record('a', 'session')
      await record('b', 'session')
      await hold('kept', 'session')
      await record('later', 'session')
      await reclaim('later')
      await record('later', 'session')
      const claims = await claim()
      assert.deepEqual(copiesOf(claims), ['a@0', 'b@0', 'later@1'])
      for (const { token } of claims) assert.ok(typeof token === 'string' && token !== '')
      assert.equal(new Set(claims.map(({ token }) => token)).size, 3)
    },
  },
  cutoff: {
    title: 'a sweep takes an intent at the cutoff, and leaves one that is a millisecond younger',
    async run({ record, claim }) {
      await record('at', 'session', 5000)
      await record('after', 'session', 5001)
      assert.deepEqual(await claim({ olderThanEpochMs: 4999 }), [])
      assert.deepEqual(namesOf(await claim({ olderThanEpochMs: 5000 })), ['at'])
      assert.deepEqual(await claim({ olderThanEpochMs: 5000 }), [])
      assert.deepEqual(namesOf(await claim({ olderThanEpochMs: 5001 })), ['after'])
    },
  },
  'fresh-intent': {
    title: 'a sweep never takes content under the fresh intent of any session',
    async run({ record, commit, claim }) {
      await record('a', 'dead', 1000)
      await record('a', 'session', 3000)
      assert.deepEqual(await claim({ olderThanEpochMs: 2000 }), [], 'the second session has only begun')
      await commit('session', 'a@0')
    },
  },
  'fresh-intent-first': {
    title: 'a sweep never takes content under a fresh intent, even when an older one was recorded after it',
    async run({ record, commit, claim }) {
      await record('a', 'session', 3000)
      await record('a', 'clock is slow', 1000)
      assert.deepEqual(await claim({ olderThanEpochMs: 2000 }), [])
      await commit('session', 'a@0')
    },
  },
  'drops-refs': {
    title: 'a claim drops the refs of every session to the content',
    async run({ record, lookup, claimOnly }) {
      await record('a', 'first')
      await record('a', 'second')
      await claimOnly('a')
      assert.equal(await lookup('a', 'first'), undefined)
      assert.equal(await lookup('a', 'second'), undefined)
    },
  },
  once: {
    title: 'content is not claimed again while its claim stands, nor after the claim is settled',
    async run({ record, claim, claimOnly, settle }) {
      await record('a', 'session')
      const claimed = await claimOnly('a')
      assert.deepEqual(await claim(), [])
      assert.deepEqual(await claim({ limit: 1, staleClaimEpochMs: yesterday() }), [], 'the claim is fresh')
      await settle(claimed)
      assert.deepEqual(await claim(), [])
    },
  },
  'drops-aged-of-committed': {
    title: 'a sweep drops old uncommitted refs to committed content; these are not claims and do not count as such',
    async run({ record, hold, commit, mustRefuse, lookup, entry, isCommitted, claim }) {
      await hold('shared', 'holder')
      await record('shared', 'dead', 1000)
      await record('shared', 'young', 3000)
      await record('orphan', 'dead', 1000)
      assert.deepEqual(namesOf(await claim({ olderThanEpochMs: 2000, limit: 1 })), ['orphan'])
      assert.deepEqual(await claim({ olderThanEpochMs: 2000 }), [])
      assert.equal(await lookup('shared', 'dead'), undefined)
      assert.equal((await entry('shared', 'young')).intentAtEpochMs, 3000)
      await mustRefuse('dead', ['shared@0'], 'its ref is gone')
      await commit('young', 'shared@0')
      assert.ok(await isCommitted('shared', 'holder'))
    },
  },
  'drops-aged-of-live': {
    title: 'a sweep drops old refs to content under a fresh intent, and does not claim it',
    async run({ record, lookup, entry, claim }) {
      await record('a', 'dead', 1000)
      await record('a', 'young', 3000)
      assert.deepEqual(await claim({ olderThanEpochMs: 2000 }), [])
      assert.equal(await lookup('a', 'dead'), undefined)
      assert.equal((await entry('a', 'young')).generation, 0)
      assert.equal(await record('a', 'dead'), 0)
    },
  },
  'drops-aged-of-released': {
    title: 'a sweep drops an old uncommitted ref to content that another session has released a moment ago',
    requires: ['clock'],
    async run({ record, hold, release, lookup, entry, claim, claimOnly, clockAt }) {
      await record('a', 'dead', 1000)
      await hold('a', 'gone')
      await clockAt(5000)
      await release('gone')
      assert.deepEqual(await claim({ olderThanEpochMs: 2000, releasedOnly: true }), [])
      assert.equal((await entry('a', 'dead')).intentAtEpochMs, 1000, '`releasedOnly` drops nothing of other content')
      assert.deepEqual(await claim({ olderThanEpochMs: 4999 }), [], 'it was released a millisecond later')
      assert.equal(await lookup('a', 'dead'), undefined)
      assert.equal((await entry('a', 'gone')).releasedAtEpochMs, 5000)
      assert.equal((await claimOnly('a')).generation, 0)
    },
  },
  'drops-released-of-committed': {
    title: 'a sweep drops refs to committed content that were released long enough ago',
    async run({ hold, release, lookup, isCommitted, claim }) {
      await hold('a', 'holder')
      await hold('a', 'gone')
      await release('gone')
      assert.deepEqual(await claim(), [])
      assert.equal(await lookup('a', 'gone'), undefined)
      assert.ok(await isCommitted('a', 'holder'))
    },
  },
  limit: {
    title: 'a sweep claims no more than the limit at a time, and continues until nothing is left',
    async run({ record, claim }) {
      const names = numbered('content', 25)
      await Promise.all(names.map(name => record(name, 'session')))
      const sizes: number[] = []
      const seen: string[] = []
      for (;;) {
        const claims = await claim({ limit: 10 })
        sizes.push(claims.length)
        if (claims.length === 0) break
        seen.push(...namesOf(claims))
      }
      assert.deepEqual(sizes, [10, 10, 5, 0])
      assert.deepEqual(seen.sort(), [...names].sort())
    },
  },
  ids: {
    title: '`ids` narrows a sweep to these contents; unknown ids, malformed ids and an empty list claim nothing',
    async run({ record, hold, entry, claim }) {
      for (const name of ['a', 'b', 'c']) await record(name, 'session')
      await hold('kept', 'session')
      assert.deepEqual(await claim({ ids: [] }), [])
      const strange = [idOf('unknown'), 'x', '', '%', `${idOf('a')}\0`, idOf('a').toUpperCase()]
      assert.deepEqual(await claim({ ids: strange }), [])
      assert.deepEqual(namesOf(await claim({ ids: ['a', 'c', 'kept', 'a'].map(idOf) })), ['a', 'c'])
      assert.equal((await entry('b', 'session')).generation, 0)
    },
  },
  'released-only': {
    title: '`releasedOnly` takes only content whose refs are all released, and does not change any other',
    async run({ record, hold, commit, release, entry, claim }) {
      await hold('released', 'session')
      await hold('both', 'session')
      await record('both', 'other')
      await release('session', 'released', 'both')
      await release('other', 'both')
      await record('intent', 'session', 1)
      await hold('mixed', 'session')
      await record('mixed', 'other', 1)
      await hold('committed', 'session')
      await hold('committed', 'other')
      await release('session', 'mixed', 'committed')
      assert.deepEqual(namesOf(await claim({ releasedOnly: true })), ['both', 'released'])
      await entry('intent', 'session')
      for (const session of ['session', 'other']) {
        await entry('mixed', session)
        await entry('committed', session)
      }
      await commit('other', 'mixed@0')
      await commit('session', 'intent@0')
    },
  },
  'released-only-of-ids': {
    title: "`releasedOnly` with `ids`, a session's own delete, never takes bytes under another session's intent",
    async run({ record, hold, commit, release, claim }) {
      await hold('a', 'deleting')
      await record('a', 'writing', 1)
      await release('deleting', 'a')
      const query = { limit: 1, ids: [idOf('a')], releasedOnly: true }
      assert.deepEqual(await claim(query), [])
      await commit('writing', 'a@0')
      await release('writing', 'a')
      assert.equal((await claim(query)).length, 1)
    },
  },
  nothing: {
    title: 'a sweep of an empty manifest, and of one with nothing but commits, claims nothing',
    async run({ hold, claim }) {
      assert.deepEqual(await claim(), [])
      await hold('a', 'session')
      assert.deepEqual(await claim(), [])
    },
  },
})
