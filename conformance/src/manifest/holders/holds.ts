import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertRefused, entryOf, holder, intentFor, namesOf, refsOf } from '../steps.ts'

const [draft, message] = [holder('session', 'draft'), holder('session', 'message')]

export const holdCases: readonly ManifestCase[] = manifestGroup('holders', {
  'a-ref-each': {
    title: 'two holders of one session that record the same content have a ref each, with metadata of their own',
    async run({ manifest, entry, entriesOf }) {
      const ofDraft = intentFor('a', draft, 1000, { mediaType: 'image/png', label: 'of the draft', width: 1 })
      const ofMessage = intentFor('a', message, 2000, { mediaType: 'text/html' })
      assert.equal(await manifest.recordIntent(ofDraft), 0)
      assert.equal(await manifest.recordIntent(ofMessage), 0)
      assert.deepEqual(await entry('a', draft), entryOf(ofDraft))
      assert.deepEqual(await entry('a', message), entryOf(ofMessage))
      assert.equal((await entriesOf('session')).length, 2)
    },
  },
  'none-is-the-empty-one': {
    title: "an intent, and a commit, without a holder are those of the holder ''",
    async run({ record, commit, entry, isCommitted, entriesOf }) {
      await record('a', 'session')
      await record('b', holder('session', ''))
      const entries = await entriesOf(holder('session', ''))
      assert.deepEqual(namesOf(entries), ['a', 'b'])
      assert.deepEqual([...new Set(entries.map(ref => ref.holder))], [''])
      await commit('session', 'b@0')
      await commit(holder('session', ''), 'a@0')
      assert.ok(await isCommitted('a', holder('session', '')))
      assert.deepEqual(await entry('b', holder('session', '')), await entry('b', 'session'))
    },
  },
  'commit-alone': {
    title: "a commit of one holder commits no other holder's ref to the same content",
    async run({ record, commit, entry, isCommitted }) {
      for (const who of [draft, message, 'session']) await record('a', who)
      const before = await entry('a', draft)
      await commit(message, 'a@0')
      assert.ok(await isCommitted('a', message))
      assert.deepEqual(await entry('a', draft), before)
      assert.ok(!(await isCommitted('a', holder('session', ''))))
    },
  },
  'commit-of-another': {
    title: "a commit of what only another holder of the session has is refused, with and without a holder's name",
    async run({ record, hold, mustRefuse, isCommitted, lookup }) {
      await record('intended', draft)
      await hold('committed', draft)
      for (const who of [message, 'session', holder('other', 'draft')]) {
        await mustRefuse(who, ['intended@0', 'committed@0'], 'by ref')
        await mustRefuse(who, ['intended', 'committed'], 'by bare id')
      }
      assert.ok(!(await isCommitted('intended', draft)))
      assert.equal(await lookup('committed', message), undefined)
    },
  },
  'commit-of-both': {
    title: 'a commit that one holder can do in part only is refused, and names what the holder does not have',
    async run({ record, commit, mustRefuse, isCommitted }) {
      await record('own', message)
      await record('of the draft', draft)
      await mustRefuse(message, ['own@0', 'of the draft@0'], 'one is of another holder', ['of the draft'])
      assert.ok(!(await isCommitted('own', message)))
      await commit(message, 'own@0')
    },
  },
  'release-alone': {
    title: "a release of one holder, of some contents or of everything, releases no other holder's refs",
    async run({ hold, record, release, entry, isReleased, claim }) {
      for (const name of ['a', 'b']) for (const who of [draft, message]) await hold(name, who)
      await record('a', 'session')
      const before = await entry('a', message)
      await release(draft, 'a')
      assert.ok(await isReleased('a', draft))
      assert.ok(!(await isReleased('b', draft)))
      await release(draft)
      assert.ok(await isReleased('b', draft))
      await release(holder('session', ''))
      assert.ok(await isReleased('a', holder('session', '')))
      assert.deepEqual(await entry('a', message), before)
      assert.ok(!(await isReleased('b', message)))
      assert.deepEqual(await claim(), [], 'the message has both')
    },
  },
  'release-of-the-session': {
    title: 'a release without a holder releases the refs of every holder of the session, and of no other session',
    async run({ hold, record, release, isReleased, claim }) {
      for (const who of [draft, message, 'session', holder('other', 'draft')]) await hold('a', who)
      for (const who of [draft, message]) await record('b', who)
      await release('session', 'a')
      for (const who of [draft, message, holder('session', '')]) assert.ok(await isReleased('a', who))
      assert.ok(!(await isReleased('b', draft)))
      await release('session')
      for (const who of [draft, message]) assert.ok(await isReleased('b', who))
      assert.ok(!(await isReleased('a', holder('other', 'draft'))))
      assert.deepEqual(namesOf(await claim()), ['b'])
    },
  },
  'live-while-any-has-it': {
    title: 'content that one holder released and another has committed is not claimed until the other releases it',
    async run({ hold, release, claim, claimOnly }) {
      for (const who of [draft, message]) await hold('a', who)
      await release(draft)
      assert.deepEqual(await claim(), [])
      await hold('a', draft)
      await release(message)
      assert.deepEqual(await claim(), [])
      await hold('a', holder('other', 'fork'))
      await release('session')
      assert.deepEqual(await claim(), [])
      await release(holder('other', 'fork'))
      assert.equal((await claimOnly('a')).generation, 0)
    },
  },
  'claim-takes-all': {
    title: 'a claim drops the refs of every holder, none of which can be committed then',
    async run({ record, mustRefuse, entriesOf, claimOnly }) {
      for (const who of [draft, message, 'session']) await record('a', who)
      await claimOnly('a')
      assert.deepEqual(await entriesOf('session'), [])
      for (const who of [draft, message, 'session']) await mustRefuse(who, ['a@0'], 'swept')
    },
  },
  'claim-not-revived': {
    title: 'when the intent of one holder meets a claim, the ref of another that the claim took is not revived',
    async run({ record, commit, mustRefuse, lookup, claimOnly }) {
      await record('a', draft)
      await claimOnly('a')
      assert.equal(await record('a', message), 1)
      for (const ref of ['a@0', 'a@1', 'a']) await mustRefuse(draft, [ref], 'its ref is gone')
      assert.equal(await lookup('a', draft), undefined)
      await commit(message, 'a@1')
    },
  },
  'aged-of-one': {
    title: 'a sweep drops the old ref of one holder and leaves the young and committed ones of others',
    async run({ record, hold, lookup, entry, claim }) {
      await record('a', holder('session', 'old'), 1000)
      await record('a', holder('session', 'young'), 3000)
      await hold('a', holder('session', 'committed'))
      assert.deepEqual(await claim({ olderThanEpochMs: 2000 }), [])
      assert.equal(await lookup('a', holder('session', 'old')), undefined)
      await entry('a', holder('session', 'young'))
      await entry('a', holder('session', 'committed'))
    },
  },
  'released-only': {
    title: '`releasedOnly`, a delete of one holder, never takes content that another holder of the session has',
    async run({ hold, record, release, claim, commit }) {
      await hold('a', draft)
      await record('a', message, 1)
      await release(draft, 'a')
      const query = { limit: 1, ids: [idOf('a')], releasedOnly: true }
      assert.deepEqual(await claim(query), [])
      await commit(message, 'a@0')
      await release(message)
      assert.equal((await claim(query)).length, 1)
    },
  },
  'many-at-once': {
    title: 'many holders of one session record, commit and release the same contents at once, each for itself',
    async run({ record, commit, release, entriesOf, claim }) {
      const contents = ['a', 'b', 'c']
      const holders = numbered('holder', 30).map(name => holder('session', name))
      const turn = async (index: number) => {
        const who = holders[index] ?? draft
        await Promise.all(contents.map(name => record(name, who)))
        await commit(who, ...contents)
        if (index % 2 === 1) await release(who, 'a', 'b')
      }
      await Promise.all(holders.map((_, index) => turn(index)))
      for (const [index, who] of holders.entries()) {
        const entries = await entriesOf(who)
        const live = entries.filter(ref => ref.releasedAtEpochMs === undefined)
        assert.deepEqual(namesOf(live), index % 2 === 1 ? ['c'] : contents, who.holder)
        assert.ok(live.every(ref => ref.committedAtEpochMs !== undefined))
      }
      assert.equal((await entriesOf('session')).length, 90)
      assert.deepEqual(await claim(), [])
    },
  },
  'in-the-transaction': {
    title: "a commit in the host's transaction is that of the holder it names",
    requires: ['transaction'],
    async run({ record, isCommitted, begin }) {
      for (const who of [draft, message, 'session']) await record('a', who)
      const refused = await begin()
      await assertRefused(refused.commitRefs('session', refsOf('a@0'), { holder: 'third' }), ['a'], 'has no ref')
      await refused.rollback()
      const transaction = await begin()
      await transaction.commitRefs('session', refsOf('a@0'), { holder: 'message' })
      await transaction.commit()
      assert.ok(await isCommitted('a', message))
      for (const who of [draft, holder('session', '')]) assert.ok(!(await isCommitted('a', who)))
    },
  },
})
