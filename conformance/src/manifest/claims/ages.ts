import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { collect } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { namesOf } from '../steps.ts'

/** In order as numbers. As text, without their signs, or in 32 bits they are in another one. */
const ordered = [
  Number.MIN_SAFE_INTEGER,
  -(2 ** 40),
  -(2 ** 31) - 5,
  -100,
  -20,
  -3,
  0,
  9,
  10,
  100,
  2 ** 31 + 1,
  2 ** 32 + 2,
  1_760_000_000_000,
  Number.MAX_SAFE_INTEGER,
] as const

export const ageCases: readonly ManifestCase[] = manifestGroup('ages', {
  'are-numbers': {
    title: 'times are compared as numbers, negative, zero and large ones too',
    async run({ manifest, record, claim }) {
      const times = ordered.toReversed()
      await Promise.all(times.map(time => record(`at ${time}`, 'session', time)))
      for (const [index, time] of ordered.entries()) {
        const listed = await collect(manifest.listUncommitted(time))
        const due = ordered.slice(0, index + 1)
        assert.deepEqual(
          listed.map(entry => entry.intentAtEpochMs).sort((a, b) => a - b),
          due,
          `listed at ${time}`,
        )
      }
      for (const time of ordered) {
        assert.deepEqual(namesOf(await claim({ olderThanEpochMs: time })), [`at ${time}`])
      }
    },
  },
  'of-claims-are-numbers': {
    title: 'a claim is as old as the clock said, at zero and before 1970 too',
    requires: ['clock'],
    async run({ record, claim, claimOnly, clockAt }) {
      const times = [-20, -3, 0, 9, 10, 100]
      for (const time of times.toReversed()) {
        await record(`at ${time}`, 'session')
        await clockAt(time)
        await claimOnly(`at ${time}`)
      }
      // Who takes a claim over has it from then on.
      await clockAt(1000)
      for (const time of times) {
        const claims = await claim({ olderThanEpochMs: -100, staleClaimEpochMs: time })
        assert.deepEqual(namesOf(claims), [`at ${time}`])
      }
    },
  },
  zero: {
    title: 'what was committed or released when the clock said 0 is committed or released',
    requires: ['clock'],
    async run({ record, commit, mustRefuse, release, entry, claim, clockAt }) {
      await clockAt(0)
      for (const name of ['kept', 'released']) await record(name, 'session', 0)
      await commit('session', 'kept@0', 'released@0')
      await release('session', 'released')
      assert.equal((await entry('kept', 'session')).committedAtEpochMs, 0)
      assert.equal((await entry('released', 'session')).releasedAtEpochMs, 0)
      await mustRefuse('session', ['released'], 'it is released')
      await clockAt(500)
      await commit('session', 'kept')
      await release('session', 'released')
      assert.equal((await entry('kept', 'session')).committedAtEpochMs, 0, 'the time of the first commit')
      assert.equal((await entry('released', 'session')).releasedAtEpochMs, 0, 'the time of the first release')
      assert.deepEqual(await claim({ olderThanEpochMs: -1 }), [])
      assert.deepEqual(namesOf(await claim({ olderThanEpochMs: 0 })), ['released'])
    },
  },
  'set-back': {
    title: 'a ref is as old as its last intent or its release, even if that is before an earlier one',
    requires: ['clock'],
    async run({ manifest, record, hold, release, entry, claim, clockAt }) {
      await record('recorded', 'session', 9000)
      await record('recorded', 'session', 100)
      assert.equal((await entry('recorded', 'session')).intentAtEpochMs, 100)
      await record('released', 'session', 9000)
      await clockAt(100)
      await release('session', 'released')
      await hold('again', 'session')
      await release('session', 'again')
      await record('again', 'session', 9000)
      assert.deepEqual(namesOf(await collect(manifest.listUncommitted(100))), ['recorded', 'released'])
      assert.deepEqual(await claim({ olderThanEpochMs: 99 }), [])
      assert.deepEqual(namesOf(await claim({ olderThanEpochMs: 8999 })), ['recorded', 'released'])
      assert.deepEqual(namesOf(await claim({ olderThanEpochMs: 9000 })), ['again'])
    },
  },
})
