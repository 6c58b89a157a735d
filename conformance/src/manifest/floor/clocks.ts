import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { endOfTime } from '../steps.ts'

/** What a machine shows that boots without a battery, and then hears the time; and the other way round. */
const jumps: readonly (readonly [from: number, to: number])[] = [
  [Date.UTC(2000, 0), Date.UTC(2026, 0)],
  [Date.UTC(2026, 0), Date.UTC(2000, 0)],
  [Date.UTC(2026, 0), Date.UTC(2052, 0)],
  [Date.UTC(2052, 0), Date.UTC(2026, 0)],
]

function names(from: number, to: number): string {
  return `from ${new Date(from).getUTCFullYear()} to ${new Date(to).getUTCFullYear()}`
}

export const clockCases: readonly ManifestCase[] = manifestGroup('clock', {
  'between-claim-and-settle': {
    title: 'a clock that jumps by 26 years while a sweeper stalls lets it delete nothing that was put meanwhile',
    requires: ['clock'],
    async run({ record, commit, claimOnly, takeOver, settle, isCommitted, claim, clockAt }) {
      for (const [from, to] of jumps) {
        const name = names(from, to)
        await clockAt(from)
        await record(name, 'gone')
        const stalled = await claimOnly(name)
        await clockAt(to)
        const taken = await takeOver(name)
        assert.ok(taken, name)
        await settle(taken)
        await clockAt(from)
        await settle()
        await clockAt(to)
        await settle()
        const again = await record(name, 'session')
        assert.ok(again > stalled.generation, `${name}: generation ${again} was given out before`)
        await commit('session', `${name}@${again}`)
        await settle(stalled)
        assert.ok(await isCommitted(name, 'session'), name)
        assert.deepEqual(await claim(), [], name)
      }
    },
  },
  'between-intent-and-commit': {
    title: 'a clock that jumps by 26 years between intent, commit and release changes what is due for a sweep alone',
    requires: ['clock'],
    async run({ record, commit, release, isCommitted, isReleased, claim, settle, clockAt }) {
      for (const [from, to] of jumps) {
        const name = names(from, to)
        await clockAt(from)
        const generation = await record(name, 'session', from)
        await clockAt(to)
        await settle()
        await commit('session', `${name}@${generation}`)
        for (const time of [from, to]) {
          await clockAt(time)
          const query = { olderThanEpochMs: time, staleClaimEpochMs: time, ids: [idOf(name)] }
          assert.deepEqual(await claim(query), [], `${name}: committed`)
          await settle()
        }
        assert.ok(await isCommitted(name, 'session'), name)
        await clockAt(from)
        await release('session', name)
        assert.ok(await isReleased(name, 'session'), name)
        const claims = await claim({ olderThanEpochMs: from, ids: [idOf(name)] })
        assert.equal(claims.length, 1, `${name}: a sweep at the time of the release takes it`)
        await settle(...claims)
      }
    },
  },
  'while-forgetting': {
    title: 'however the clock jumps while content is reclaimed, no generation is given out twice',
    requires: ['clock'],
    async run({ record, reclaim, claim, settle, clockAt }) {
      const given = new Map<string, number>()
      const times = jumps.flat()
      for (let turn = 0; turn < 24; turn++) {
        await clockAt(times[(turn * 5) % times.length] ?? 0)
        const name = ['a', 'b', 'c'][turn % 3] ?? ''
        const generation = await record(name, 'gone', (turn * 7919) % 1000)
        const last = given.get(name) ?? -1
        assert.ok(generation > last, `${name}: generation ${generation} was given out before`)
        given.set(name, generation)
        await clockAt(times[(turn * 3 + 1) % times.length] ?? 0)
        await reclaim(name)
        await settle()
      }
      await record('a', 'session')
      assert.equal((await claim({ olderThanEpochMs: endOfTime })).length, 1)
    },
  },
})
