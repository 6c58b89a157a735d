import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { endOfTime, holder, namesOf } from '../steps.ts'

function inSession(name: string) {
  return holder('session', name)
}

export const lookupCases: readonly ManifestCase[] = manifestGroup('lookup among holders', {
  'by-holder': {
    title: 'lookup with a holder gives the ref of that holder, released or not, and of no other',
    async run({ record, hold, release, entry, lookup }) {
      await hold('a', inSession('committed'))
      await record('a', inSession('intended'))
      await hold('a', inSession('released'))
      await release(inSession('released'))
      for (const name of ['committed', 'intended', 'released']) {
        assert.equal((await entry('a', inSession(name))).holder, name)
      }
      for (const who of [inSession(''), inSession('none'), holder('other', 'committed')]) {
        assert.equal(await lookup('a', who), undefined, JSON.stringify(who))
      }
    },
  },
  'committed-first': {
    title: 'lookup without a holder gives a committed ref before an uncommitted one, however old that is',
    async run({ record, commit, entry }) {
      await record('a', inSession('a'), 1000)
      await record('a', inSession('m'), 3000)
      await record('a', inSession('z'), 2000)
      await commit(inSession('m'), 'a@0')
      assert.equal((await entry('a', 'session')).holder, 'm')
    },
  },
  'live-first': {
    title: 'lookup without a holder gives a live ref before a released one, even one that was committed',
    async run({ record, hold, release, entry }) {
      await hold('a', inSession('a'))
      await hold('a', inSession('z'))
      await release(inSession('a'))
      await release(inSession('z'))
      assert.notEqual((await entry('a', 'session')).releasedAtEpochMs, undefined)
      await record('a', inSession('m'), 9000)
      assert.equal((await entry('a', 'session')).holder, 'm')
      await hold('b', inSession('b'))
      await record('b', inSession('m'), 9000)
      await hold('b', inSession('y'))
      await release(inSession('b'))
      assert.equal((await entry('b', 'session')).holder, 'y', 'committed, beside an uncommitted and a released one')
    },
  },
  'oldest-first': {
    title: 'lookup without a holder gives, of refs in the same state, the one with the oldest intent',
    async run({ record, commit, release, entry }) {
      const times = { y: 3000, m: 1000, a: 2000 }
      for (const [name, time] of Object.entries(times)) await record('a', inSession(name), time)
      assert.equal((await entry('a', 'session')).holder, 'm', 'uncommitted')
      for (const name of ['y', 'a', 'm']) await commit(inSession(name), 'a@0')
      assert.equal((await entry('a', 'session')).holder, 'm', 'committed')
      await record('a', inSession('m'), 5000)
      assert.equal((await entry('a', 'session')).holder, 'a', 'after the oldest was recorded again')
      for (const name of ['a', 'm', 'y']) await release(inSession(name))
      assert.equal((await entry('a', 'session')).holder, 'a', 'released')
    },
  },
  'of-the-session': {
    title: 'lookup without a holder never gives the ref of another session, whatever state it is in',
    async run({ record, hold, entry, lookup }) {
      await hold('a', holder('other', 'z'))
      assert.equal(await lookup('a', 'session'), undefined)
      await record('a', inSession('m'), 9000)
      assert.deepEqual(await entry('a', 'session'), await entry('a', inSession('m')))
    },
  },
  'list-by-holder': {
    title: 'listRefs with a holder gives every ref of that holder, and without one of all, each with its holder',
    async run({ manifest, record, hold, release, entriesOf }) {
      await record('live', inSession('one'))
      await hold('committed', inSession('one'))
      await hold('released', inSession('one'))
      await release(inSession('one'), 'released')
      await hold('committed', inSession('two'))
      await record('unnamed', 'session')
      await record('foreign', holder('other', 'one'))
      const ofOne = await entriesOf(inSession('one'))
      assert.deepEqual(namesOf(ofOne), ['committed', 'live', 'released'])
      for (const entry of ofOne) {
        assert.deepEqual(entry, await manifest.lookup('session', entry.attachmentId, { holder: 'one' }))
      }
      assert.deepEqual(namesOf(await entriesOf(inSession(''))), ['unnamed'])
      assert.deepEqual(await entriesOf(inSession('none')), [])
      const all = await entriesOf('session')
      assert.deepEqual(all.map(entry => entry.holder).sort(), ['', 'one', 'one', 'one', 'two'])
      for (const { attachmentId, holder } of all) assert.ok(await manifest.lookup('session', attachmentId, { holder }))
    },
  },
  'list-many-holders': {
    title: 'listRefs gives the refs of hundreds of holders to the same contents, each once',
    async run({ record, entriesOf }) {
      const holders = numbered('holder', 401)
      const intents = holders.flatMap(name => ['a', 'b', 'c'].map(content => record(content, inSession(name))))
      await Promise.all(intents)
      const listed = (await entriesOf('session')).map(entry => `${entry.holder} ${entry.attachmentId}`)
      assert.equal(listed.length, 1203)
      assert.equal(new Set(listed).size, 1203)
      assert.deepEqual(namesOf(await entriesOf(inSession('holder 400'))), ['a', 'b', 'c'])
    },
  },
  'list-uncommitted': {
    title: 'listUncommitted says the holder of each ref, and gives those of one content one after the other',
    async run({ manifest, record, hold }) {
      const holders = ['', 'draft', 'message']
      for (const name of holders) for (const content of ['a', 'b']) await record(content, inSession(name))
      await record('kept', inSession('draft'))
      await hold('kept', inSession('message'))
      const entries = await collect(manifest.listUncommitted(endOfTime))
      const half = entries.length / 2
      for (const [name, found] of [
        [entries[0]?.attachmentId === idOf('a') ? 'a' : 'b', entries.slice(0, half)] as const,
        [entries[0]?.attachmentId === idOf('a') ? 'b' : 'a', entries.slice(half)] as const,
      ]) {
        assert.deepEqual(namesOf(found), [name, name, name])
        assert.deepEqual(found.map(entry => entry.holder).sort(), holders)
      }
    },
  },
})
