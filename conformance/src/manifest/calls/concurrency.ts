import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { numbered } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { acceptedOf, claimedBy, copiesOf, endOfTime, isAccepted, namesOf } from '../steps.ts'

const contents = numbered('content', 60).sort()

export const concurrencyCases: readonly ManifestCase[] = manifestGroup('concurrency', {
  'intents-at-once': {
    title: 'intents of many sessions for one content at once are all recorded, at one generation',
    async run({ record, entry }) {
      const sessions = numbered('session', 50)
      const generations = await Promise.all(sessions.map(session => record('shared', session)))
      assert.deepEqual([...new Set(generations)], [0])
      for (const session of sessions) await entry('shared', session)
    },
  },
  'same-intent-at-once': {
    title: 'the same intent many times at once is one ref',
    async run({ record, commit, claim }) {
      const generations = await Promise.all(Array.from({ length: 30 }, () => record('a', 'session')))
      assert.deepEqual([...new Set(generations)], [0])
      await commit('session', 'a')
      assert.deepEqual(await claim(), [])
    },
  },
  'intents-in-opposite-orders': {
    title: 'sessions that record, commit and release many contents in opposite orders do not block each other',
    async run({ record, commit, release, claim }) {
      const turn = async (session: string, names: readonly string[]) => {
        await Promise.all(names.map(name => record(name, session)))
        await commit(session, ...names)
        await release(session, ...names)
      }
      const backwards = contents.toReversed()
      await Promise.all([1, 2, 3, 4].map(n => turn(`session ${n}`, n % 2 === 0 ? contents : backwards)))
      assert.deepEqual(namesOf(await claim()), contents)
    },
  },
  'sweepers-at-once': {
    title: 'of several sweepers at once, each orphan is claimed by exactly one',
    async run({ record, claim, reopenIfPossible }) {
      const other = await reopenIfPossible()
      await Promise.all(contents.map(name => record(name, 'session')))
      const claimed = await claimedBy([{ claim }, other, { claim }, other], contents.length, 7)
      assert.deepEqual(claimed, contents, 'every orphan once')
    },
  },
  'takeovers-at-once': {
    title: 'when several sweepers take over stale claims at once, one token of each content stands in the end',
    async run({ record, claim, settle }) {
      await Promise.all(contents.map(name => record(name, 'session')))
      await claim()
      const takeOverAll = () => claim({ olderThanEpochMs: 0, staleClaimEpochMs: endOfTime })
      const claims = (await Promise.all([1, 2, 3].map(takeOverAll))).flat()
      assert.equal(new Set(claims.map(({ token }) => token)).size, claims.length)
      await settle(...claims)
      assert.deepEqual(await takeOverAll(), [], 'each content has a token that stands, and it settled')
      assert.equal(await record(contents[0] ?? '', 'session'), 1)
    },
  },
  'commit-against-claim': {
    title: 'of a commit and a claim at once exactly one wins',
    async run({ record, commit, reopenIfPossible }) {
      const other = await reopenIfPossible()
      await Promise.all(contents.map(name => record(name, 'session')))
      const sweeps = Promise.all([1, 2, 3].map(() => other.claim({ limit: 20 })))
      const committed = acceptedOf(contents, name => commit('session', `${name}@0`))
      const claimed = namesOf((await sweeps).flat())
      assert.deepEqual([...claimed, ...(await committed)].sort(), contents, 'each content has one winner')
    },
  },
  'intent-against-claim': {
    title: 'when an intent meets a claim, the session can never commit the copy that is being deleted',
    async run({ record, commit, settle, reopenIfPossible }) {
      const other = await reopenIfPossible()
      await Promise.all(contents.map(name => record(name, 'dead')))
      const sweeps = Promise.all([1, 2, 3].map(() => other.claim({ limit: 20 })))
      const generations = await Promise.all(contents.map(name => record(name, 'session')))
      const claims = (await sweeps).flat()
      const claimed = copiesOf(claims)
      for (const [index, name] of contents.entries()) {
        const copy = `${name}@${generations[index]}`
        if (await isAccepted(commit('session', copy)))
          assert.ok(!claimed.includes(copy), `${copy} is committed and claimed`)
      }
      await settle(...claims)
    },
  },
  'second-intent-against-claim': {
    title: 'a sweep that meets the commit of a second session never takes the content from under it',
    async run({ record, commit, reopenIfPossible }) {
      const other = await reopenIfPossible()
      await Promise.all(contents.map(name => record(name, 'dead')))
      const turns = contents.map(async name => {
        const copy = `${name}@${await record(name, 'session')}`
        return { copy, won: await isAccepted(commit('session', copy)) }
      })
      const claimed: string[] = []
      for (let round = 0; round < 6; round++) claimed.push(...copiesOf(await other.claim({ limit: 15 })))
      for (const { copy, won } of await Promise.all(turns)) {
        assert.notEqual(won, claimed.includes(copy), `${copy} is either committed or claimed`)
      }
    },
  },
  'two-instances': {
    title: 'what one instance does, another over the same data sees at once',
    requires: ['reopen'],
    async run({ hold, entry, isReleased, claim, settle, reopen }) {
      const other = await reopen()
      await hold('a', 'session')
      assert.ok(await other.isCommitted('a', 'session'))
      await other.release('session')
      assert.ok(await isReleased('a', 'session'))
      const claims = await claim({ limit: 1 })
      assert.equal(claims.length, 1)
      assert.deepEqual(await other.claim(), [])
      assert.equal(await other.record('a', 'other'), 1)
      await settle(...claims)
      await other.commit('other', 'a@1')
      assert.equal((await entry('a', 'other')).generation, 1)
    },
  },
  'first-open-at-once': {
    title: 'several instances may open at once and write as their first call',
    requires: ['reopen'],
    async run({ record, entry, reopen }) {
      const sessions = numbered('session', 5)
      const first = record('shared', 'another session')
      const others = await Promise.all(
        sessions.map(async session => {
          const instance = await reopen()
          await instance.hold('shared', session)
          return instance
        }),
      )
      assert.equal(await first, 0)
      for (const instance of [{ entry }, ...others]) {
        for (const session of sessions) await instance.entry('shared', session)
      }
    },
  },
})
