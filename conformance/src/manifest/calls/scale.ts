import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered, textOf } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import {
  assertNames,
  endOfTime,
  type HolderInSession,
  holder,
  type ManifestSteps,
  namesOf,
  type Who,
} from '../steps.ts'

const many = numbered('content', 5100)

/** Not all at once: what a backend does with thousands of calls in flight is its own affair. */
async function recordMany({ record }: ManifestSteps, names: readonly string[], who: Who): Promise<void> {
  for (let start = 0; start < names.length; start += 300) {
    await Promise.all(names.slice(start, start + 300).map(name => record(name, who, 1000)))
  }
}

export const scaleCases: readonly ManifestCase[] = manifestGroup('many at once', {
  thousands: {
    title: 'thousands of refs are committed in one call, all of them or none, listed, released, claimed and settled',
    async run(tested) {
      const { manifest, record, commit, mustRefuse, release, entriesOf, claim, reclaim, settle } = tested
      await recordMany(tested, many, 'session')
      const [last = '', ...others] = many.toReversed()
      await reclaim(last)
      const refs = many.map((name, index) => (index % 2 === 0 ? `${name}@0` : name))
      await mustRefuse('session', refs, 'one of thousands', [last])
      for await (const { committedAtEpochMs } of manifest.listRefs('session'))
        assert.equal(committedAtEpochMs, undefined)
      await commit('session', ...refs.slice(0, -1))
      const entries = await entriesOf('session')
      assert.equal(entries.length, others.length)
      assert.ok(entries.every(entry => entry.committedAtEpochMs !== undefined))

      await recordMany(tested, many.slice(0, 1100), holder('another session', 'draft'))
      await record('orphan', 'another session', 2000)
      assert.deepEqual(namesOf(await claim({ limit: 100 })), ['orphan'], 'behind a thousand that are committed')
      assert.deepEqual(await entriesOf('another session'), [])

      await release('session', ...others.slice(0, 2500))
      await release('session')
      assertNames(namesOf(await collect(manifest.listUncommitted(endOfTime))), others, 'what listUncommitted gives')
      const query = { limit: 10_000, ids: many.map(idOf) }
      const claims = await claim(query)
      assertNames(namesOf(claims), others, 'what is claimed')
      await settle(...claims)
      assertNames(namesOf(await claim({ ...query, staleClaimEpochMs: endOfTime })), [], 'all of them are settled')
      assert.equal(await record(many[0] ?? '', 'session'), 1)
    },
  },
  'expire-thousands': {
    title: 'a refused commit names thousands of ids',
    async run({ mustRefuse }) {
      await mustRefuse('session', many, 'none of them was put')
    },
  },
  'ten-thousand-claims': {
    title: 'ten thousand claims, the most that there are, are made by one audit, taken over and settled in a call each',
    async run({ manifest, record, commit, claim }) {
      const all = numbered('content', 10_103)
      const live = all.slice(0, 100)
      await Promise.all(live.map(name => record(name, 'session')))
      const claims = await manifest.claimBlobs(all.map(name => ({ id: idOf(name), generation: 0 })))
      assertNames(namesOf(claims), all.slice(100), 'what the audit claims')
      const query = { limit: 10_000, olderThanEpochMs: 0, staleClaimEpochMs: endOfTime }
      const taken = await claim(query)
      assert.equal(new Set(namesOf(taken)).size, 10_000)
      await manifest.settleClaims(taken)
      const rest = await claim(query)
      assert.equal(rest.length, 3, 'all others are settled')
      const lastSettled = taken.at(-1)?.attachmentId ?? ''
      assert.equal(await record(textOf(lastSettled), 'session'), 1)
      await commit('session', ...live)
    },
  },
  'one-among-many': {
    title: 'one ref keeps content among a hundred dead ones, whether it is the first, in the middle or the last',
    async run({ record, hold, commit, claim, entriesOf }) {
      const holders = Array.from({ length: 120 }, (_, index) => holder('session', String(index).padStart(3, '0')))
      const keepers = [0, 60, 119]
      const times = (content: string) => holders.map((who, index) => record(content, who, 1000 + ((index * 7) % 120)))
      for (const place of keepers) {
        await Promise.all([...times(`committed ${place}`), ...times(`young ${place}`)])
        await hold(`committed ${place}`, holders[place] as HolderInSession)
        await record(`young ${place}`, holders[place] as HolderInSession, 9000)
      }
      await Promise.all(times('dead'))
      const claims = await claim({ olderThanEpochMs: 5000 })
      assert.deepEqual(namesOf(claims), ['dead'])
      const left = (await entriesOf('session')).map(entry => `${textOf(entry.attachmentId)}, ${Number(entry.holder)}`)
      const expected = keepers.flatMap(place => [`committed ${place}, ${place}`, `young ${place}, ${place}`])
      assert.deepEqual(left.sort(), expected.sort(), 'every old ref was dropped, and no other')
      for (const place of keepers) await commit(holders[place] as HolderInSession, `young ${place}`)
    },
  },
  'one-among-a-thousand': {
    title: 'a content with more than a thousand refs is kept by the last of them, and dropped with all of them',
    async run({ record, commit, release, entriesOf, claim }) {
      const holders = Array.from({ length: 1030 }, (_, index) => holder('session', String(index).padStart(4, '0')))
      await Promise.all(holders.map(who => record('shared', who)))
      const last = holders.at(-1) as HolderInSession
      await commit(last, 'shared')
      assert.deepEqual(await claim(), [])
      assert.deepEqual(
        (await entriesOf('session')).map(entry => entry.holder),
        [last.holder],
      )
      await Promise.all(holders.map(who => record('shared', who)))
      await release('session')
      assert.equal((await claim()).length, 1)
      assert.deepEqual(await entriesOf('session'), [])
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
