import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { endOfTime, holder, namesOf } from '../steps.ts'

export const filterCases: readonly ManifestCase[] = manifestGroup('filters', {
  'ids-with-limit': {
    title: '`ids` with a `limit` claims that many of these contents, whichever of them are orphans',
    async run({ record, hold, claim }) {
      const orphans = numbered('orphan', 9)
      const held = numbered('held', 6)
      await Promise.all([...orphans, 'not asked for'].map(name => record(name, 'session')))
      await Promise.all(held.map(name => hold(name, 'session')))
      // What cannot be claimed comes first, and is more than the limit.
      const ids = [...held, ...orphans].map(idOf)
      const claimed: string[] = []
      for (const expected of [4, 4, 1, 0]) {
        const names = namesOf(await claim({ ids, limit: 4 }))
        assert.equal(names.length, expected)
        claimed.push(...names)
      }
      assert.deepEqual(claimed.sort(), orphans)
    },
  },
  'ids-with-takeovers': {
    title: '`ids` keeps takeovers and new claims to these contents, and the limit counts both',
    async run({ record, claim }) {
      const stale = numbered('stale', 5)
      const orphans = numbered('orphan', 5)
      await Promise.all(stale.map(name => record(name, 'session')))
      assert.equal((await claim()).length, 5)
      await Promise.all(orphans.map(name => record(name, 'session')))
      const ids = [...stale.slice(0, 3), ...orphans.slice(0, 3)].map(idOf)
      const query = { ids, staleClaimEpochMs: endOfTime }
      assert.equal((await claim({ ...query, limit: 4 })).length, 4)
      const all = [...stale.slice(0, 3), ...orphans.slice(0, 3)].sort()
      assert.deepEqual(namesOf(await claim({ ...query, limit: 1000 })), all)
      assert.deepEqual(namesOf(await claim({ limit: 1000 })), orphans.slice(3), 'the others are as they were')
    },
  },
  'released-only-with-takeovers': {
    title: '`releasedOnly` says nothing about takeovers: a stale claim is taken over all the same',
    async run({ record, entry, claim, claimOnly }) {
      await record('a', 'session')
      await record('intended', 'session')
      const first = await claimOnly('a')
      const query = { releasedOnly: true, staleClaimEpochMs: endOfTime }
      const [second, ...others] = await claim({ ...query, ids: ['a', 'intended'].map(idOf) })
      assert.deepEqual([second?.attachmentId, second?.generation, others], [first.attachmentId, first.generation, []])
      assert.deepEqual(namesOf(await claim(query)), ['a'])
      await entry('intended', 'session')
    },
  },
  'released-only-with-age': {
    title: '`releasedOnly` with an age takes what was released by then, by all, and leaves the rest as it is',
    requires: ['clock'],
    async run({ manifest, record, hold, release, entriesOf, claim, clockAt }) {
      for (const name of ['old', 'young', 'both', 'half', 'kept']) await hold(name, 'first')
      for (const name of ['both', 'half', 'kept']) await record(name, 'second', 1)
      await clockAt(5000)
      await release('first', 'old', 'both', 'half', 'kept')
      await clockAt(6000)
      await release('first', 'young')
      await release('second', 'both')
      const before = [...(await entriesOf('first')), ...(await entriesOf('second'))]
      const query = { olderThanEpochMs: 5999, releasedOnly: true }
      assert.deepEqual(await claim({ ...query, olderThanEpochMs: 4999 }), [])
      assert.deepEqual(await claim({ ...query, ids: ['young', 'both', 'half', 'kept'].map(idOf) }), [])
      assert.deepEqual(namesOf(await claim({ ...query, limit: 1 })), ['old'])
      const after = [...(await entriesOf('first')), ...(await entriesOf('second'))]
      assert.deepEqual(
        after,
        before.filter(({ attachmentId }) => attachmentId !== idOf('old')),
      )
      assert.deepEqual(namesOf(await claim({ ...query, olderThanEpochMs: 6000 })), ['both', 'young'])
      await manifest.commitRefs('second', ['half', 'kept'].map(idOf))
    },
  },
  'fresh-release': {
    title: 'content that somebody released a moment ago is not taken, however old the other refs to it are',
    requires: ['clock'],
    async run({ manifest, record, hold, release, claim, clockAt }) {
      await record('a', 'before', 1)
      await hold('a', 'session')
      await record('a', 'z after', 2)
      await clockAt(5000)
      await release('session')
      assert.deepEqual(await collect(manifest.listUncommitted(4999)), [])
      assert.deepEqual(await claim({ olderThanEpochMs: 4999, ids: [idOf('a')] }), [])
      assert.deepEqual(await claim({ olderThanEpochMs: 4999 }), [])
      assert.deepEqual(namesOf(await claim({ olderThanEpochMs: 5000 })), ['a'])
    },
  },
  'past-what-stays': {
    title: 'a sweep finds the orphans behind any number of old refs that it cannot take, whatever the limit',
    async run({ record, hold, release, claim }) {
      const held = numbered('held', 130)
      await Promise.all(held.map(name => record(name, holder('session', 'dead'), 1)))
      await Promise.all(held.map(name => hold(name, holder('session', 'message'))))
      await Promise.all(['released', 'orphan'].map(name => record(name, 'other', 2)))
      await release('other', 'released')
      const query = { limit: 1, ids: [...held, 'released', 'orphan'].map(idOf) }
      assert.deepEqual(namesOf(await claim({ limit: 1, releasedOnly: true })), ['released'])
      assert.deepEqual(namesOf(await claim({ limit: 1 })), ['orphan'])
      assert.deepEqual(await claim(query), [])
    },
  },
})
