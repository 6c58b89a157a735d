import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { turn } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { acceptedOf, claimedBy, copiesOf, endOfTime, intentFor, isAccepted, namesOf } from '../steps.ts'

const contents = numbered('content', 60).sort()

/** Fails as the first of them that fails, when all of them have ended: none of them meets a manifest that is closed. */
async function everyRace(races: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(races)
  await Promise.all(races)
}

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
  'commit-during-a-claim': {
    title: 'of a commit and a claim that begins a little sooner or later exactly one wins',
    async run({ record, commit, reopenIfPossible }) {
      const other = await reopenIfPossible()
      const late = numbered('committed later', 16)
      const soon = numbered('claimed later', 16)
      await Promise.all([...late, ...soon].map(name => record(name, 'session')))
      const isClaimed = async (name: string) => (await other.claim({ ids: [idOf(name)] })).length > 0
      const isCommitted = (name: string) => isAccepted(commit('session', `${name}@0`))
      const race = async (name: string, turns: number, first: typeof isClaimed, second: typeof isClaimed) => {
        const won = await Promise.all([first(name), turn(turns).then(() => second(name))])
        assert.deepEqual(won.sort(), [false, true], `${name}, after ${turns} turns`)
      }
      await everyRace([
        ...late.map((name, turns) => race(name, turns, isClaimed, isCommitted)),
        ...soon.map((name, turns) => race(name, turns, isCommitted, isClaimed)),
      ])
    },
  },
  'intent-during-a-claim': {
    title: 'an intent that begins a little sooner or later than a claim is at another generation, or keeps the content',
    async run({ record, commit, claim, reopenIfPossible }) {
      const other = await reopenIfPossible()
      const names = numbered('content', 24)
      await Promise.all(names.map(name => record(name, 'dead', 1000)))
      const sweep = (name: string) => other.claim({ ids: [idOf(name)], olderThanEpochMs: 2000 })
      const races = names.map(async (name, turns) => {
        const later = turn(turns >> 1)
        const [claims, generation] = await Promise.all(
          turns % 2 === 0
            ? [sweep(name), later.then(() => record(name, 'session', 3000))]
            : [later.then(() => sweep(name)), record(name, 'session', 3000)],
        )
        const isTaken = copiesOf(claims).includes(`${name}@${generation}`)
        assert.ok(!isTaken, `${name} was claimed from under its intent`)
        await commit('session', `${name}@${generation}`)
      })
      await everyRace(races)
      assert.deepEqual(await claim(), [])
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
  'another-instance-changes-it': {
    title: 'an instance that has looked sees what another one over the same data changes after that',
    requires: ['reopen'],
    async run({ manifest, record, commit, mustRefuse, entry, entriesOf, takeOver, settle, reopen }) {
      const other = await reopen()
      const look = async () => [await entry('a', 'session'), ...(await entriesOf('session'))]
      const label = 'after'
      await record('a', 'session')
      await look()
      await other.manifest.recordIntent(intentFor('a', 'session', 2000, { mediaType: 'image/png', label }))
      for (const { meta, intentAtEpochMs } of await look())
        assert.deepEqual([meta?.label, intentAtEpochMs], [label, 2000])
      await other.commit('session', 'a@0')
      for (const { committedAtEpochMs } of await look()) assert.notEqual(committedAtEpochMs, undefined)
      await other.release('session', 'a')
      for (const { releasedAtEpochMs } of await look()) assert.notEqual(releasedAtEpochMs, undefined)
      const claimed = await other.claimOnly('a')
      assert.deepEqual(
        [await manifest.lookup('session', claimed.attachmentId), await entriesOf('session')],
        [undefined, []],
      )
      const taken = await takeOver('a')
      assert.ok(taken)
      await other.settle(claimed)
      assert.equal((await other.takeOver('a'))?.generation, 0, 'the claim of the one that took it over stands')
      await settle(taken)
      const last = await takeOver('a')
      assert.ok(last, 'the claim that was taken over last stands')
      await other.settle(last)
      assert.equal(await takeOver('a'), undefined, 'another instance has settled it')
      assert.equal(await record('a', 'session'), 1)
      await other.forget('a')
      await mustRefuse('session', ['a@1'], 'another instance has forgotten it')
      await commit('session')
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
