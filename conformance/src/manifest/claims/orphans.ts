import assert from 'node:assert/strict'
import { caseGroup, type ManifestCase } from '../../case.ts'
import {
  assertExpired,
  claim,
  claimOnly,
  endOfTime,
  entryOf,
  hold,
  idOf,
  namesOf,
  reclaim,
  record,
  refOf,
  yesterday,
} from '../steps.ts'

export const orphanCases: readonly ManifestCase[] = caseGroup('manifest', 'claim', [
  {
    name: 'takes-orphans',
    title: 'a sweep claims exactly the content that nobody committed, with its generation and a token of its own',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await record(manifest, 'b', 'session')
      await hold(manifest, 'kept', 'session')
      await record(manifest, 'later', 'session')
      await reclaim(manifest, 'later')
      await record(manifest, 'later', 'session')
      const claims = await claim(manifest)
      assert.deepEqual(namesOf(claims, ['a', 'b', 'kept', 'later']), ['a', 'b', 'later'])
      for (const { attachmentId, generation, token } of claims) {
        assert.equal(generation, attachmentId === idOf('later') ? 1 : 0)
        assert.ok(typeof token === 'string' && token !== '')
      }
      assert.equal(new Set(claims.map(({ token }) => token)).size, 3)
    },
  },
  {
    name: 'cutoff',
    title: 'a sweep takes content whose intent is at the cutoff, and none that is a millisecond younger',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'at', 'session', 5000)
      await record(manifest, 'after', 'session', 5001)
      assert.deepEqual(await claim(manifest, 4999), [])
      assert.deepEqual(namesOf(await claim(manifest, 5000), ['at', 'after']), ['at'])
      assert.deepEqual(await claim(manifest, 5000), [])
      assert.deepEqual(namesOf(await claim(manifest, 5001), ['at', 'after']), ['after'])
    },
  },
  {
    name: 'fresh-intent',
    title: 'a sweep never takes content under the fresh intent of any session',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'dead', 1000)
      await record(manifest, 'a', 'session', 3000)
      assert.deepEqual(await claim(manifest, 2000), [], 'the second session has only begun')
      await manifest.commitRefs('session', [refOf('a', 0)])
    },
  },
  {
    name: 'fresh-intent-first',
    title: 'a sweep never takes content under a fresh intent, also when an older one was recorded after it',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session', 3000)
      await record(manifest, 'a', 'clock is slow', 1000)
      assert.deepEqual(await claim(manifest, 2000), [])
      await manifest.commitRefs('session', [refOf('a', 0)])
    },
  },
  {
    name: 'drops-refs',
    title: 'a claim drops the refs of the content, of every session',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'first')
      await record(manifest, 'a', 'second')
      await claimOnly(manifest, 'a')
      assert.equal(await manifest.lookup('first', idOf('a')), undefined)
      assert.equal(await manifest.lookup('second', idOf('a')), undefined)
    },
  },
  {
    name: 'once',
    title: 'content under a claim is not claimed again, nor when the claim is settled',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const claimed = await claimOnly(manifest, 'a')
      assert.deepEqual(await claim(manifest), [])
      assert.deepEqual(
        await manifest.claimOrphans({ olderThanEpochMs: endOfTime, limit: 1, staleClaimEpochMs: yesterday() }),
        [],
        'the claim is fresh',
      )
      await manifest.settleClaims([claimed])
      assert.deepEqual(await claim(manifest), [])
    },
  },
  {
    name: 'drops-aged-of-committed',
    title: 'content that is committed loses old uncommitted refs only; they are not claims and do not count',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'shared', 'holder')
      await record(manifest, 'shared', 'dead', 1000)
      await record(manifest, 'shared', 'young', 3000)
      await record(manifest, 'orphan', 'dead', 1000)
      assert.deepEqual(namesOf(await claim(manifest, 2000, 1), ['shared', 'orphan']), ['orphan'])
      assert.deepEqual(await claim(manifest, 2000), [])
      assert.equal(await manifest.lookup('dead', idOf('shared')), undefined)
      assert.equal((await entryOf(manifest, 'shared', 'young')).intentAtEpochMs, 3000)
      await assertExpired(manifest.commitRefs('dead', [refOf('shared', 0)]), ['shared'], 'its ref is gone')
      await manifest.commitRefs('young', [refOf('shared', 0)])
      assert.notEqual((await entryOf(manifest, 'shared', 'holder')).committedAtEpochMs, undefined)
    },
  },
  {
    name: 'drops-aged-of-live',
    title: 'content under a fresh intent loses the refs that are old, and is not claimed',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'dead', 1000)
      await record(manifest, 'a', 'young', 3000)
      assert.deepEqual(await claim(manifest, 2000), [])
      assert.equal(await manifest.lookup('dead', idOf('a')), undefined)
      assert.equal((await entryOf(manifest, 'a', 'young')).generation, 0)
      assert.equal(await record(manifest, 'a', 'dead'), 0)
    },
  },
  {
    name: 'drops-released-of-committed',
    title: 'content that is committed loses refs that were released long enough ago',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'holder')
      await hold(manifest, 'a', 'gone')
      await manifest.releaseRefs('gone')
      assert.deepEqual(await claim(manifest), [])
      assert.equal(await manifest.lookup('gone', idOf('a')), undefined)
      assert.notEqual((await entryOf(manifest, 'a', 'holder')).committedAtEpochMs, undefined)
    },
  },
  {
    name: 'limit',
    title: 'a sweep claims as many as the limit, and goes on where it stopped, until nothing is left',
    async run(context) {
      const { manifest } = await context.create()
      const names = Array.from({ length: 25 }, (_, index) => `content ${index}`)
      await Promise.all(names.map(name => record(manifest, name, 'session')))
      const sizes: number[] = []
      const seen: string[] = []
      for (;;) {
        const claims = await claim(manifest, endOfTime, 10)
        sizes.push(claims.length)
        if (claims.length === 0) break
        seen.push(...namesOf(claims, names))
      }
      assert.deepEqual(sizes, [10, 10, 5, 0])
      assert.deepEqual(seen.sort(), [...names].sort())
    },
  },
  {
    name: 'ids',
    title: '`ids` narrows a sweep to those contents; unknown and malformed ones, and none, claim nothing',
    async run(context) {
      const { manifest } = await context.create()
      for (const name of ['a', 'b', 'c']) await record(manifest, name, 'session')
      await hold(manifest, 'kept', 'session')
      const query = { olderThanEpochMs: endOfTime, limit: 10 }
      assert.deepEqual(await manifest.claimOrphans({ ...query, ids: [] }), [])
      const strange = [idOf('unknown'), 'x', '', '%', `${idOf('a')}\0`, idOf('a').toUpperCase()]
      assert.deepEqual(await manifest.claimOrphans({ ...query, ids: strange }), [])
      const ids = [idOf('a'), idOf('c'), idOf('kept'), idOf('a')]
      assert.deepEqual(namesOf(await manifest.claimOrphans({ ...query, ids }), ['a', 'b', 'c', 'kept']), ['a', 'c'])
      assert.equal((await entryOf(manifest, 'b', 'session')).generation, 0)
    },
  },
  {
    name: 'released-only',
    title: '`releasedOnly` takes only content whose refs are all released, and changes nothing of any other',
    async run(context) {
      const { manifest } = await context.create()
      const names = ['released', 'intent', 'mixed', 'committed', 'both']
      await hold(manifest, 'released', 'session')
      await hold(manifest, 'both', 'session')
      await record(manifest, 'both', 'other')
      await manifest.releaseRefs('session', [idOf('released'), idOf('both')])
      await manifest.releaseRefs('other', [idOf('both')])
      await record(manifest, 'intent', 'session', 1)
      await hold(manifest, 'mixed', 'session')
      await record(manifest, 'mixed', 'other', 1)
      await hold(manifest, 'committed', 'session')
      await hold(manifest, 'committed', 'other')
      await manifest.releaseRefs('session', [idOf('mixed'), idOf('committed')])
      const query = { olderThanEpochMs: endOfTime, limit: 100, releasedOnly: true }
      assert.deepEqual(namesOf(await manifest.claimOrphans(query), names), ['both', 'released'])
      for (const [name, session] of [
        ['intent', 'session'],
        ['mixed', 'other'],
        ['mixed', 'session'],
        ['committed', 'session'],
        ['committed', 'other'],
      ] as const) {
        await entryOf(manifest, name, session)
      }
      await manifest.commitRefs('other', [refOf('mixed', 0)])
      await manifest.commitRefs('session', [refOf('intent', 0)])
    },
  },
  {
    name: 'released-only-of-ids',
    title: "`releasedOnly` with `ids`, a session's own delete, never takes bytes under another session's intent",
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'deleting')
      await record(manifest, 'a', 'writing', 1)
      await manifest.releaseRefs('deleting', [idOf('a')])
      const query = { olderThanEpochMs: endOfTime, limit: 1, ids: [idOf('a')], releasedOnly: true }
      assert.deepEqual(await manifest.claimOrphans(query), [])
      await manifest.commitRefs('writing', [refOf('a', 0)])
      await manifest.releaseRefs('writing', [idOf('a')])
      assert.equal((await manifest.claimOrphans(query)).length, 1)
    },
  },
  {
    name: 'nothing',
    title: 'a sweep of an empty manifest, and of one with nothing but commits, claims nothing',
    async run(context) {
      const { manifest } = await context.create()
      assert.deepEqual(await claim(manifest), [])
      await hold(manifest, 'a', 'session')
      assert.deepEqual(await claim(manifest), [])
    },
  },
])
