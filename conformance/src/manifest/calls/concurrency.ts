import assert from 'node:assert/strict'
import { AttachmentIntentExpiredError } from '@lash/attachments-core'
import { caseGroup, type ManifestCase } from '../../case.ts'
import { provided } from '../../run/context.ts'
import { claim, endOfTime, entryOf, hold, idOf, namesOf, record, refOf } from '../steps.ts'

const contents = Array.from({ length: 60 }, (_, index) => `content ${index}`)

/** Whether the commit went through; anything but a refusal is an error. */
function committed(commit: Promise<void>): Promise<boolean> {
  return commit.then(
    () => true,
    error => {
      if (AttachmentIntentExpiredError.isInstance(error)) return false
      throw error
    },
  )
}

export const concurrencyCases: readonly ManifestCase[] = caseGroup('manifest', 'concurrency', [
  {
    name: 'intents-at-once',
    title: 'intents of many sessions for one content at once all count, at one generation',
    async run(context) {
      const { manifest } = await context.create()
      const sessions = Array.from({ length: 50 }, (_, index) => `session ${index}`)
      const generations = await Promise.all(sessions.map(session => record(manifest, 'shared', session)))
      assert.deepEqual([...new Set(generations)], [0])
      for (const session of sessions) await entryOf(manifest, 'shared', session)
    },
  },
  {
    name: 'same-intent-at-once',
    title: 'the same intent many times at once is one ref',
    async run(context) {
      const { manifest } = await context.create()
      const generations = await Promise.all(Array.from({ length: 30 }, () => record(manifest, 'a', 'session')))
      assert.deepEqual([...new Set(generations)], [0])
      await manifest.commitRefs('session', [idOf('a')])
      assert.deepEqual(await claim(manifest), [])
    },
  },
  {
    name: 'intents-in-opposite-orders',
    title: 'sessions that record, commit and release many contents in opposite orders do not block each other',
    async run(context) {
      const { manifest } = await context.create()
      const turn = async (session: string, names: readonly string[]) => {
        await Promise.all(names.map(name => record(manifest, name, session)))
        await manifest.commitRefs(session, names.map(idOf))
        await manifest.releaseRefs(session, names.map(idOf))
      }
      const backwards = contents.toReversed()
      await Promise.all([1, 2, 3, 4].map(n => turn(`session ${n}`, n % 2 === 0 ? contents : backwards)))
      assert.deepEqual(namesOf(await claim(manifest), contents), [...contents].sort())
    },
  },
  {
    name: 'sweepers-at-once',
    title: 'of several sweepers at once, each orphan is claimed by exactly one',
    async run(context) {
      const { manifest, reopen } = await context.create()
      const other = reopen === undefined ? manifest : context.use(await reopen())
      await Promise.all(contents.map(name => record(manifest, name, 'session')))
      const claims: { attachmentId: string }[] = []
      const sweeper = async (instance: typeof manifest) => {
        for (let tries = 0; tries < 100 && claims.length < contents.length; tries++) {
          claims.push(...(await instance.claimOrphans({ olderThanEpochMs: endOfTime, limit: 7 })))
        }
      }
      await Promise.all([manifest, other, manifest, other].map(sweeper))
      assert.deepEqual(namesOf(claims, contents), [...contents].sort(), 'every orphan once')
    },
  },
  {
    name: 'takeovers-at-once',
    title: 'when several sweepers take over stale claims at once, the last token of each content stands alone',
    async run(context) {
      const { manifest } = await context.create()
      await Promise.all(contents.map(name => record(manifest, name, 'session')))
      await claim(manifest)
      const query = { olderThanEpochMs: 0, limit: 1000, staleClaimEpochMs: endOfTime }
      const claims = (await Promise.all([1, 2, 3].map(() => manifest.claimOrphans(query)))).flat()
      assert.equal(new Set(claims.map(({ token }) => token)).size, claims.length)
      await manifest.settleClaims(claims)
      assert.deepEqual(await manifest.claimOrphans(query), [], 'each content has a token that stands, and it settled')
      assert.equal(await record(manifest, contents[0] ?? '', 'session'), 1)
    },
  },
  {
    name: 'commit-against-claim',
    title: 'of a commit and a claim at once exactly one wins',
    async run(context) {
      const { manifest, reopen } = await context.create()
      const other = reopen === undefined ? manifest : context.use(await reopen())
      await Promise.all(contents.map(name => record(manifest, name, 'session')))
      const sweeps = Promise.all([1, 2, 3].map(() => claim(other, endOfTime, 20)))
      const commits = Promise.all(
        contents.map(async name => ({ name, won: await committed(manifest.commitRefs('session', [refOf(name, 0)])) })),
      )
      const claimed = namesOf((await sweeps).flat(), contents)
      const won = (await commits).filter(commit => commit.won).map(({ name }) => name)
      assert.deepEqual([...claimed, ...won].sort(), [...contents].sort(), 'each content has one winner')
    },
  },
  {
    name: 'intent-against-claim',
    title: 'an intent and a claim at once never leave a session able to commit the copy that is being deleted',
    async run(context) {
      const { manifest, reopen } = await context.create()
      const other = reopen === undefined ? manifest : context.use(await reopen())
      await Promise.all(contents.map(name => record(manifest, name, 'dead')))
      const sweeps = Promise.all([1, 2, 3].map(() => claim(other, endOfTime, 20)))
      const generations = await Promise.all(contents.map(name => record(manifest, name, 'session')))
      const claims = (await sweeps).flat()
      for (const [index, name] of contents.entries()) {
        const generation = generations[index] as number
        if (!(await committed(manifest.commitRefs('session', [refOf(name, generation)])))) continue
        const deleted = claims.filter(({ attachmentId }) => attachmentId === idOf(name)).map(each => each.generation)
        assert.ok(!deleted.includes(generation), `${name}: committed at generation ${generation}, which is claimed`)
      }
      await manifest.settleClaims(claims)
    },
  },
  {
    name: 'second-intent-against-claim',
    title: 'a sweep that meets the commit of a second session never takes the content from under it',
    async run(context) {
      const { manifest, reopen } = await context.create()
      const other = reopen === undefined ? manifest : context.use(await reopen())
      await Promise.all(contents.map(name => record(manifest, name, 'dead')))
      const sweep = async () => {
        const all: { attachmentId: string; generation: number }[] = []
        for (let round = 0; round < 6; round++) all.push(...(await claim(other, endOfTime, 15)))
        return all
      }
      const turns = contents.map(async name => {
        const generation = await record(manifest, name, 'session')
        return { name, generation, won: await committed(manifest.commitRefs('session', [refOf(name, generation)])) }
      })
      const claims = await sweep()
      for (const { name, generation, won } of await Promise.all(turns)) {
        const taken = claims.some(each => each.attachmentId === idOf(name) && each.generation === generation)
        assert.notEqual(won, taken, `${name} is either committed or taken at generation ${generation}`)
      }
    },
  },
  {
    name: 'two-instances',
    title: 'what one instance does, another over the same data sees at once',
    requires: ['reopen'],
    async run(context) {
      const { manifest, reopen } = await context.create()
      const other = context.use(await provided(reopen, 'reopen')())
      await hold(manifest, 'a', 'session')
      assert.notEqual((await entryOf(other, 'a', 'session')).committedAtEpochMs, undefined)
      await other.releaseRefs('session')
      assert.notEqual((await entryOf(manifest, 'a', 'session')).releasedAtEpochMs, undefined)
      const claims = await manifest.claimOrphans({ olderThanEpochMs: endOfTime, limit: 1 })
      assert.equal(claims.length, 1)
      assert.deepEqual(await claim(other), [])
      assert.equal(await record(other, 'a', 'other'), 1)
      await manifest.settleClaims(claims)
      await other.commitRefs('other', [refOf('a', 1)])
      assert.equal((await entryOf(manifest, 'a', 'other')).generation, 1)
    },
  },
  {
    name: 'first-open-at-once',
    title: 'several instances that open at once, and write as their first act, all work',
    requires: ['reopen'],
    async run(context) {
      const { manifest, reopen } = await context.create()
      const open = provided(reopen, 'reopen')
      const first = record(manifest, 'shared', 'session')
      const others = await Promise.all(
        [1, 2, 3, 4, 5].map(async number => {
          const instance = context.use(await open())
          await hold(instance, 'shared', `session ${number}`)
          return instance
        }),
      )
      assert.equal(await first, 0)
      for (const instance of [manifest, ...others]) {
        for (const number of [1, 2, 3, 4, 5]) await entryOf(instance, 'shared', `session ${number}`)
      }
    },
  },
])
