import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { intentFor, isAccepted, namesOf, yesterday } from '../steps.ts'

export const releaseCases: readonly ManifestCase[] = manifestGroup('release', {
  'named-ids': {
    title: 'releasing ids releases exactly those refs of this session, and records when',
    async run({ hold, release, entry, isReleased, claim }) {
      for (const name of ['a', 'b', 'c']) await hold(name, 'session')
      await hold('a', 'other')
      const before = await entry('a', 'session')
      await release('session', 'a', 'b')
      const { releasedAtEpochMs, ...after } = await entry('a', 'session')
      assert.ok(releasedAtEpochMs !== undefined && releasedAtEpochMs > yesterday())
      assert.deepEqual(after, before)
      assert.ok(await isReleased('b', 'session'))
      assert.ok(!(await isReleased('c', 'session')))
      assert.ok(!(await isReleased('a', 'other')))
      assert.deepEqual(namesOf(await claim()), ['b'])
    },
  },
  everything: {
    title: 'releasing without ids releases everything of this session and nothing of another',
    async run({ record, hold, release, isCommitted, entriesOf, claim }) {
      await hold('a', 'session')
      await record('b', 'session')
      await hold('c', 'other')
      await release('session')
      for (const { releasedAtEpochMs } of await entriesOf('session')) assert.notEqual(releasedAtEpochMs, undefined)
      assert.deepEqual(namesOf(await claim()), ['a', 'b'])
      assert.ok(await isCommitted('c', 'other'))
    },
  },
  'no-ids': {
    title: 'releasing an empty list of ids releases nothing',
    async run({ manifest, hold, isReleased }) {
      await hold('a', 'session')
      await manifest.releaseRefs('session', [])
      assert.ok(!(await isReleased('a', 'session')))
    },
  },
  'uncommitted-only': {
    title: 'releasing what is uncommitted leaves committed refs as they are, of ids and of everything',
    async run({ manifest, record, hold, release, isReleased }) {
      const uncommittedOnly = { uncommittedOnly: true }
      for (const name of ['a', 'b']) await hold(name, 'session')
      for (const name of ['c', 'd', 'e']) await record(name, 'session')
      await manifest.releaseRefs('session', [idOf('a'), idOf('c')], uncommittedOnly)
      await manifest.releaseRefs('session', [idOf('d')], { holder: '', ...uncommittedOnly })
      const released = async () => {
        const names = ['a', 'b', 'c', 'd', 'e']
        const found = await Promise.all(names.map(name => isReleased(name, 'session')))
        return names.filter((_, index) => found[index])
      }
      assert.deepEqual(await released(), ['c', 'd'])
      await manifest.releaseRefs('session', undefined, uncommittedOnly)
      assert.deepEqual(await released(), ['c', 'd', 'e'])
      await manifest.releaseRefs('session', undefined, { holder: '', ...uncommittedOnly })
      assert.deepEqual(await released(), ['c', 'd', 'e'])
      await release('session')
      assert.deepEqual(await released(), ['a', 'b', 'c', 'd', 'e'])
    },
  },
  'uncommitted-only-against-commits': {
    title: 'of a commit and a release of what is uncommitted at once exactly one wins',
    async run({ record, commit, isReleased, isCommitted, reopenIfPossible }) {
      const other = await reopenIfPossible()
      const names = numbered('content', 40)
      await Promise.all(names.map(name => record(name, 'session')))
      const turns = names.map(async (name, index) => {
        const options = { holder: '', uncommittedOnly: true }
        const release = () => other.manifest.releaseRefs('session', [idOf(name)], options)
        const releasedFirst = index % 2 === 0 ? release() : undefined
        const committing = isAccepted(commit('session', `${name}@0`))
        await (releasedFirst ?? release())
        return committing
      })
      const accepted = await Promise.all(turns)
      for (const [index, name] of names.entries()) {
        const isLive = !(await isReleased(name, 'session'))
        assert.equal(isLive, accepted[index], `${name} is either committed or released`)
        assert.equal(await isCommitted(name, 'session'), isLive, name)
      }
    },
  },
  twice: {
    title: 'releasing again keeps the first time',
    async run({ hold, release, entry, clockAt }) {
      await clockAt(50_000)
      await hold('a', 'session')
      await release('session', 'a', 'a')
      const first = await entry('a', 'session')
      await clockAt(60_000)
      await release('session', 'a')
      await release('session')
      assert.deepEqual(await entry('a', 'session'), first)
    },
  },
  unknown: {
    title: 'releasing what is not held, or is not an id, does nothing',
    async run({ manifest, hold, release, lookup, isReleased }) {
      await hold('a', 'session')
      await manifest.releaseRefs('session', [idOf('never put'), 'not an id', '', '../x', `${idOf('a')}\0`])
      await release('nobody', 'a')
      await release('nobody')
      assert.ok(!(await isReleased('a', 'session')))
      assert.equal(await lookup('a', 'nobody'), undefined)
    },
  },
  'age-of-release': {
    title: 'a released ref is as old as its release, however old its intent is',
    async run({ manifest, commit, release, claim }) {
      await manifest.recordIntent(intentFor('a', 'session', 1))
      await commit('session', 'a')
      await release('session')
      assert.deepEqual(await claim({ olderThanEpochMs: yesterday() }), [], 'released just now')
      assert.equal((await claim()).length, 1)
    },
  },
  'exact-age': {
    title: 'a sweep at the time of the release takes the content, one a millisecond before does not',
    requires: ['clock'],
    async run({ hold, release, entry, claim, clockAt }) {
      await hold('a', 'session')
      await clockAt(90_000)
      await release('session')
      assert.equal((await entry('a', 'session')).releasedAtEpochMs, 90_000)
      assert.deepEqual(await claim({ olderThanEpochMs: 89_999 }), [])
      assert.equal((await claim({ olderThanEpochMs: 90_000 })).length, 1)
    },
  },
  'until-a-sweep': {
    title: 'a released ref stays listed until a sweep takes its content',
    async run({ hold, release, lookup, entriesOf, claimOnly }) {
      await hold('a', 'session')
      await release('session')
      assert.equal((await entriesOf('session')).length, 1)
      await claimOnly('a')
      assert.equal(await lookup('a', 'session'), undefined)
      assert.deepEqual(await entriesOf('session'), [])
    },
  },
  shared: {
    title: 'content that one session released and another committed is not claimed until the other releases it',
    async run({ hold, release, claim, claimOnly }) {
      await hold('a', 'first')
      await hold('a', 'second')
      await release('first')
      assert.deepEqual(await claim(), [])
      await release('second')
      assert.equal((await claimOnly('a')).generation, 0)
    },
  },
})
