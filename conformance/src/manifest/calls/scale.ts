import assert from 'node:assert/strict'
import { caseGroup, type ManifestCase } from '../../case.ts'
import { assertExpired, claim, collected, endOfTime, idOf, namesOf, reclaim, record, refOf } from '../steps.ts'

const many = Array.from({ length: 4000 }, (_, index) => `content ${index}`)

export const scaleCases: readonly ManifestCase[] = caseGroup('manifest', 'many at once', [
  {
    name: 'commit-thousands',
    title: 'thousands of refs are committed in one call, all of them or none',
    async run(context) {
      const { manifest } = await context.create()
      await Promise.all(many.map(name => record(manifest, name, 'session')))
      const last = many.at(-1) ?? ''
      await reclaim(manifest, last)
      const refs = many.map((name, index) => (index % 2 === 0 ? refOf(name, 0) : idOf(name)))
      await assertExpired(manifest.commitRefs('session', refs), [last], 'one of thousands')
      for await (const entry of manifest.listRefs('session')) assert.equal(entry.committedAtEpochMs, undefined)
      await manifest.commitRefs('session', refs.slice(0, -1))
      const entries = await collected(manifest.listRefs('session'))
      assert.equal(entries.length, many.length - 1)
      assert.ok(entries.every(entry => entry.committedAtEpochMs !== undefined))
      assert.deepEqual(await claim(manifest), [])
    },
  },
  {
    name: 'expire-thousands',
    title: 'a refused commit names thousands of ids',
    async run(context) {
      const { manifest } = await context.create()
      await assertExpired(manifest.commitRefs('session', many.map(idOf)), many, 'none of them was put')
    },
  },
  {
    name: 'sweep-thousands',
    title: 'thousands of orphans are claimed and settled in one call, and thousands of ids released',
    async run(context) {
      const { manifest } = await context.create()
      await Promise.all(many.map(name => record(manifest, name, 'session')))
      await manifest.commitRefs('session', many.map(idOf))
      await manifest.releaseRefs('session', many.slice(0, 3000).map(idOf))
      const query = { olderThanEpochMs: endOfTime, limit: 10_000, ids: many.map(idOf) }
      const claims = await manifest.claimOrphans(query)
      assert.deepEqual(namesOf(claims, many), many.slice(0, 3000).sort())
      await manifest.settleClaims(claims)
      assert.deepEqual(await manifest.claimOrphans({ ...query, staleClaimEpochMs: endOfTime }), [])
      assert.equal(await record(manifest, many[0] ?? '', 'session'), 1)
    },
  },
  {
    name: 'audit-thousands',
    title: 'thousands of blobs are judged in one call',
    async run(context) {
      const { manifest } = await context.create()
      const live = many.slice(0, 500)
      await Promise.all(live.map(name => record(manifest, name, 'session')))
      const claims = await manifest.claimBlobs(many.map(name => ({ id: idOf(name), generation: 0 })))
      assert.deepEqual(namesOf(claims, many), many.slice(500).sort())
      await manifest.settleClaims(claims)
      await manifest.commitRefs('session', live.map(idOf))
    },
  },
  {
    name: 'many-sessions',
    title: 'hundreds of sessions share one content, and it is an orphan when the last lets go',
    async run(context) {
      const { manifest } = await context.create()
      const sessions = Array.from({ length: 300 }, (_, index) => `session ${index}`)
      await Promise.all(sessions.map(session => record(manifest, 'shared', session)))
      await Promise.all(sessions.map(session => manifest.commitRefs(session, [refOf('shared', 0)])))
      await Promise.all(sessions.slice(1).map(session => manifest.releaseRefs(session)))
      assert.deepEqual(await claim(manifest), [])
      await manifest.releaseRefs('session 0')
      assert.equal((await claim(manifest)).length, 1)
    },
  },
])
