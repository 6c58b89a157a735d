import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { endOfTime, namesOf, yesterday } from '../steps.ts'

export const takeoverCases: readonly ManifestCase[] = manifestGroup('takeover and settle', {
  stale: {
    title: 'a stale claim is taken over, at the same generation, with another token',
    async run({ record, claimOnly, takeOver }) {
      await record('a', 'session')
      const first = await claimOnly('a')
      const second = await takeOver('a')
      assert.equal(second?.generation, first.generation)
      assert.notEqual(second?.token, first.token)
    },
  },
  'stale-boundary': {
    title: 'a claim is stale when it was made at the given time or before, and not a millisecond after',
    requires: ['clock'],
    async run({ record, claim, claimOnly, clockAt }) {
      await record('a', 'session')
      await clockAt(40_000)
      await claimOnly('a')
      const query = { olderThanEpochMs: 0, limit: 1 }
      assert.deepEqual(await claim({ ...query, staleClaimEpochMs: 39_999 }), [])
      await clockAt(50_000)
      assert.equal((await claim({ ...query, staleClaimEpochMs: 40_000 })).length, 1)
      assert.deepEqual(await claim({ ...query, staleClaimEpochMs: 49_999 }), [], 'it is fresh again')
      assert.equal((await claim({ ...query, staleClaimEpochMs: 50_000 })).length, 1)
    },
  },
  fresh: {
    title: 'a claim that is not stale, or whose takeover nobody asked for, is left to its sweeper',
    async run({ record, claim, claimOnly, settle }) {
      await record('a', 'session')
      const claimed = await claimOnly('a')
      assert.deepEqual(await claim(), [])
      assert.deepEqual(await claim({ staleClaimEpochMs: yesterday() }), [])
      await settle(claimed)
      assert.equal(await record('a', 'session'), 1)
    },
  },
  'ids-and-limit': {
    title: 'takeovers keep to `ids`, and count towards the limit together with new claims',
    async run({ record, claim, takeOver }) {
      for (const name of ['a', 'b', 'c']) await record(name, 'session')
      assert.equal((await claim()).length, 3)
      await record('d', 'session')
      assert.equal((await takeOver('b'))?.attachmentId, idOf('b'))
      const query = { staleClaimEpochMs: endOfTime }
      assert.equal((await claim({ ...query, limit: 3 })).length, 3)
      assert.deepEqual(namesOf(await claim({ ...query, limit: 10 })), ['a', 'b', 'c', 'd'])
    },
  },
  'settle-after-takeover': {
    title: 'a settlement by a sweeper that lost its claim does nothing: the new claim stands',
    async run({ record, claimOnly, takeOver, settle }) {
      await record('a', 'session')
      const first = await claimOnly('a')
      const second = await takeOver('a')
      assert.ok(second)
      await settle(first)
      const third = await takeOver('a')
      assert.equal(third?.generation, 0, 'the claim that was taken over still stands')
      await settle(first, second)
      assert.equal((await takeOver('a'))?.generation, 0)
    },
  },
  'settle-after-intent': {
    title: 'a settlement after an intent met the claim does nothing: what the session committed stays',
    async run({ record, commit, entry, claim, claimOnly, settle }) {
      await record('a', 'dead')
      const stalled = await claimOnly('a')
      await record('a', 'session')
      await commit('session', 'a@1')
      const before = await entry('a', 'session')
      await settle(stalled)
      assert.deepEqual(await entry('a', 'session'), before)
      assert.equal(await record('a', 'session'), 1)
      assert.deepEqual(await claim(), [])
    },
  },
  'settle-old-claim-of-new-row': {
    title: 'a settlement of an old generation does nothing to a later claim',
    async run({ record, claimOnly, takeOver, settle }) {
      await record('a', 'session')
      const stalled = await claimOnly('a')
      await record('a', 'session')
      const current = await claimOnly('a')
      assert.equal(current.generation, 1)
      await settle(stalled)
      assert.equal((await takeOver('a'))?.generation, 1)
    },
  },
  'settle-twice': {
    title: 'settling a claim moves to the next generation once, however often the claim is settled',
    async run({ record, claimOnly, settle }) {
      await record('a', 'session')
      const claimed = await claimOnly('a')
      await settle(claimed, claimed)
      await settle(claimed)
      assert.equal(await record('a', 'session'), 1)
    },
  },
  'settle-wrong-token': {
    title: 'a settlement with a token that is unknown, or of another content, does nothing',
    async run({ record, claimOnly, takeOver, settle }) {
      await record('a', 'session')
      await record('b', 'session')
      const ofA = await claimOnly('a')
      const ofB = await claimOnly('b')
      await settle()
      await settle(
        { ...ofA, token: ofB.token },
        { ...ofB, token: '' },
        { ...ofA, token: "' OR '1'='1" },
        { ...ofA, attachmentId: idOf('unknown') },
        { ...ofA, attachmentId: 'not an id' },
      )
      assert.equal((await takeOver('a'))?.generation, 0)
      assert.equal((await takeOver('b'))?.generation, 0)
    },
  },
  'settled-is-not-stale': {
    title: 'a settled claim cannot be taken over',
    async run({ record, mustRefuse, takeOver, reclaim }) {
      await record('a', 'session')
      await reclaim('a')
      assert.equal(await takeOver('a'), undefined)
      await mustRefuse('session', ['a'], 'reclaimed')
    },
  },
  relay: {
    title: 'a claim can be taken over again and again, and the last one settles',
    async run({ record, claimOnly, takeOver, settle }) {
      await record('a', 'session')
      const tokens = [await claimOnly('a')]
      for (let sweeper = 0; sweeper < 5; sweeper++) {
        const taken = await takeOver('a')
        assert.ok(taken)
        tokens.push(taken)
      }
      assert.equal(new Set(tokens.map(({ token }) => token)).size, 6)
      await settle(...tokens)
      assert.equal(await takeOver('a'), undefined)
      assert.equal(await record('a', 'session'), 1)
    },
  },
})
