import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { endOfTime, namesOf } from '../steps.ts'

const many = numbered('content', 4000)

export const scaleCases: readonly ManifestCase[] = manifestGroup('many at once', {
  'commit-thousands': {
    title: 'thousands of refs are committed in one call, all of them or none',
    async run({ manifest, record, commit, mustRefuse, entriesOf, claim, reclaim }) {
      await Promise.all(many.map(name => record(name, 'session')))
      const last = many.at(-1) ?? ''
      await reclaim(last)
      const refs = many.map((name, index) => (index % 2 === 0 ? `${name}@0` : name))
      await mustRefuse('session', refs, 'one of thousands', [last])
      for await (const { committedAtEpochMs } of manifest.listRefs('session'))
        assert.equal(committedAtEpochMs, undefined)
      await commit('session', ...refs.slice(0, -1))
      const entries = await entriesOf('session')
      assert.equal(entries.length, many.length - 1)
      assert.ok(entries.every(entry => entry.committedAtEpochMs !== undefined))
      assert.deepEqual(await claim(), [])
    },
  },
  'expire-thousands': {
    title: 'a refused commit names thousands of ids',
    async run({ mustRefuse }) {
      await mustRefuse('session', many, 'none of them was put')
    },
  },
  'sweep-thousands': {
    title: 'thousands of orphans are claimed and settled in one call, and thousands of ids released',
    async run({ record, commit, release, claim, settle }) {
      await Promise.all(many.map(name => record(name, 'session')))
      await commit('session', ...many)
      await release('session', ...many.slice(0, 3000))
      const query = { limit: 10_000, ids: many.map(idOf) }
      const claims = await claim(query)
      assert.deepEqual(namesOf(claims), many.slice(0, 3000).sort())
      await settle(...claims)
      assert.deepEqual(await claim({ ...query, staleClaimEpochMs: endOfTime }), [])
      assert.equal(await record(many[0] ?? '', 'session'), 1)
    },
  },
  'audit-thousands': {
    title: 'thousands of blobs are audited in one call',
    async run({ record, commit, claimBlobs, settle }) {
      const live = many.slice(0, 500)
      await Promise.all(live.map(name => record(name, 'session')))
      const claims = await claimBlobs(...many)
      assert.deepEqual(namesOf(claims), many.slice(500).sort())
      await settle(...claims)
      await commit('session', ...live)
    },
  },
  'many-sessions': {
    title: 'hundreds of sessions share one content, and it is an orphan when the last one releases it',
    async run({ record, commit, release, claim }) {
      const sessions = numbered('session', 300)
      await Promise.all(sessions.map(session => record('shared', session)))
      await Promise.all(sessions.map(session => commit(session, 'shared@0')))
      await Promise.all(sessions.slice(1).map(session => release(session)))
      assert.deepEqual(await claim(), [])
      await release('session 0')
      assert.equal((await claim()).length, 1)
    },
  },
})
