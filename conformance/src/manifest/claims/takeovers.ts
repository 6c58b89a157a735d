import assert from 'node:assert/strict'
import { caseGroup, type ManifestCase } from '../../case.ts'
import {
  assertExpired,
  claim,
  claimOnly,
  endOfTime,
  entryOf,
  idOf,
  reclaim,
  record,
  refOf,
  takeOver,
  yesterday,
} from '../steps.ts'

export const takeoverCases: readonly ManifestCase[] = caseGroup('manifest', 'takeover and settle', [
  {
    name: 'stale',
    title: 'a stale claim is taken over, at the same generation, with another token',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const first = await claimOnly(manifest, 'a')
      const second = await takeOver(manifest, 'a')
      assert.equal(second?.generation, first.generation)
      assert.notEqual(second?.token, first.token)
    },
  },
  {
    name: 'stale-boundary',
    title: 'a claim is stale when it was made at the given time or before, and not a millisecond after',
    requires: ['clock'],
    async run(context) {
      const { manifest, setClock } = await context.create()
      await record(manifest, 'a', 'session')
      setClock?.(40_000)
      await claimOnly(manifest, 'a')
      const query = { olderThanEpochMs: 0, limit: 1 }
      assert.deepEqual(await manifest.claimOrphans({ ...query, staleClaimEpochMs: 39_999 }), [])
      setClock?.(50_000)
      assert.equal((await manifest.claimOrphans({ ...query, staleClaimEpochMs: 40_000 })).length, 1)
      assert.deepEqual(await manifest.claimOrphans({ ...query, staleClaimEpochMs: 49_999 }), [], 'it is fresh again')
      assert.equal((await manifest.claimOrphans({ ...query, staleClaimEpochMs: 50_000 })).length, 1)
    },
  },
  {
    name: 'fresh',
    title: 'a claim that is not stale, or whose takeover nobody asked for, is left to its sweeper',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const claimed = await claimOnly(manifest, 'a')
      const query = { olderThanEpochMs: endOfTime, limit: 10 }
      assert.deepEqual(await manifest.claimOrphans(query), [])
      assert.deepEqual(await manifest.claimOrphans({ ...query, staleClaimEpochMs: yesterday() }), [])
      await manifest.settleClaims([claimed])
      assert.equal(await record(manifest, 'a', 'session'), 1)
    },
  },
  {
    name: 'ids-and-limit',
    title: 'takeovers keep to `ids`, and count towards the limit together with new claims',
    async run(context) {
      const { manifest } = await context.create()
      for (const name of ['a', 'b', 'c']) await record(manifest, name, 'session')
      assert.equal((await claim(manifest)).length, 3)
      await record(manifest, 'd', 'session')
      assert.equal((await takeOver(manifest, 'b'))?.attachmentId, idOf('b'))
      const query = { olderThanEpochMs: endOfTime, staleClaimEpochMs: endOfTime }
      assert.equal((await manifest.claimOrphans({ ...query, limit: 3 })).length, 3)
      const all = await manifest.claimOrphans({ ...query, limit: 10 })
      assert.equal(new Set(all.map(({ attachmentId }) => attachmentId)).size, 4)
      assert.equal(all.length, 4)
    },
  },
  {
    name: 'settle-after-takeover',
    title: 'a settlement by a sweeper that lost its claim does nothing: the new claim stands',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const first = await claimOnly(manifest, 'a')
      const second = await takeOver(manifest, 'a')
      assert.ok(second)
      await manifest.settleClaims([first])
      const third = await takeOver(manifest, 'a')
      assert.equal(third?.generation, 0, 'the claim that was taken over still stands')
      await manifest.settleClaims([first, second])
      assert.equal((await takeOver(manifest, 'a'))?.generation, 0)
    },
  },
  {
    name: 'settle-after-intent',
    title: 'a settlement after an intent met the claim does nothing: what the session committed stays',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'dead')
      const stalled = await claimOnly(manifest, 'a')
      await record(manifest, 'a', 'session')
      await manifest.commitRefs('session', [refOf('a', 1)])
      const before = await entryOf(manifest, 'a', 'session')
      await manifest.settleClaims([stalled])
      assert.deepEqual(await entryOf(manifest, 'a', 'session'), before)
      assert.equal(await record(manifest, 'a', 'session'), 1)
      assert.deepEqual(await claim(manifest), [])
    },
  },
  {
    name: 'settle-old-claim-of-new-row',
    title: 'a settlement of an old generation does nothing to a later claim',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const stalled = await claimOnly(manifest, 'a')
      await record(manifest, 'a', 'session')
      const current = await claimOnly(manifest, 'a')
      assert.equal(current.generation, 1)
      await manifest.settleClaims([stalled])
      assert.equal((await takeOver(manifest, 'a'))?.generation, 1)
    },
  },
  {
    name: 'settle-twice',
    title: 'settling moves to the next generation, once, however often it is said',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const claimed = await claimOnly(manifest, 'a')
      await manifest.settleClaims([claimed, claimed])
      await manifest.settleClaims([claimed])
      assert.equal(await record(manifest, 'a', 'session'), 1)
    },
  },
  {
    name: 'settle-wrong-token',
    title: 'a settlement with a token that stands nowhere, or for another content, does nothing',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await record(manifest, 'b', 'session')
      const ofA = await claimOnly(manifest, 'a')
      const ofB = await claimOnly(manifest, 'b')
      await manifest.settleClaims([])
      await manifest.settleClaims([
        { ...ofA, token: ofB.token },
        { ...ofB, token: '' },
        { ...ofA, token: "' OR '1'='1" },
        { ...ofA, attachmentId: idOf('unknown') },
        { ...ofA, attachmentId: 'not an id' },
      ])
      assert.equal((await takeOver(manifest, 'a'))?.generation, 0)
      assert.equal((await takeOver(manifest, 'b'))?.generation, 0)
    },
  },
  {
    name: 'settled-is-not-stale',
    title: 'a settled claim cannot be taken over',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await reclaim(manifest, 'a')
      assert.equal(await takeOver(manifest, 'a'), undefined)
      await assertExpired(manifest.commitRefs('session', [idOf('a')]), ['a'], 'reclaimed')
    },
  },
  {
    name: 'relay',
    title: 'one claim after the other is taken over, and the last one settles',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const tokens = [await claimOnly(manifest, 'a')]
      for (let sweeper = 0; sweeper < 5; sweeper++) {
        const taken = await takeOver(manifest, 'a')
        assert.ok(taken)
        tokens.push(taken)
      }
      assert.equal(new Set(tokens.map(({ token }) => token)).size, 6)
      await manifest.settleClaims(tokens)
      assert.equal(await takeOver(manifest, 'a'), undefined)
      assert.equal(await record(manifest, 'a', 'session'), 1)
    },
  },
])
