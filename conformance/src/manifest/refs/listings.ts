import assert from 'node:assert/strict'
import type { AttachmentManifestEntry } from '@lash/attachments-core'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered, textOf } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertNames, endOfTime, entryOf, intentFor, namesOf } from '../steps.ts'

/** Content and session of entries, sorted, as `name/session`. */
function held(entries: readonly AttachmentManifestEntry[]): string[] {
  return entries.map(entry => `${textOf(entry.attachmentId)}/${entry.sessionId}`).sort()
}

export const listingCases: readonly ManifestCase[] = manifestGroup('lookup and list', {
  'lookup-misses': {
    title: 'lookup of what the session does not hold, or of a malformed id, is undefined',
    async run({ manifest, hold }) {
      await hold('a', 'other')
      const id = idOf('a')
      const misses = [id, idOf('b'), '', 'a', id.toUpperCase(), `sha256:${id}`, `${id} `, `../${id}`, '%', `${id}\0`]
      for (const miss of misses) assert.equal(await manifest.lookup('session', miss), undefined)
      assert.equal(await manifest.lookup('other', id.toUpperCase()), undefined)
    },
  },
  'refs-of-a-session': {
    title: 'listRefs gives every ref of the session, live, committed or released, as lookup does, and no other',
    async run({ manifest, record, hold, release, entriesOf }) {
      await record('live', 'session')
      await hold('committed', 'session')
      await hold('released', 'session')
      await release('session', 'released')
      await hold('committed', 'other')
      await record('foreign', 'other')
      const entries = await entriesOf('session')
      assert.deepEqual(namesOf(entries), ['committed', 'live', 'released'])
      for (const entry of entries) {
        assert.deepEqual(entry, await manifest.lookup('session', entry.attachmentId))
      }
      assert.deepEqual(await entriesOf('nobody'), [])
    },
  },
  'entries-are-copies': {
    title: 'changing an entry, or an intent after the call, does not change what is recorded',
    async run({ manifest, entry }) {
      const make = () => intentFor('a', 'session', 1000, { mediaType: 'text/plain', label: 'kept' })
      const intent = make()
      await manifest.recordIntent(intent)
      if (intent.meta !== undefined) intent.meta.label = 'changed'
      const found = await entry('a', 'session')
      assert.equal(found.meta?.label, 'kept')
      found.committedAtEpochMs = 1
      if (found.meta !== undefined) found.meta.label = 'changed'
      for await (const listed of manifest.listRefs('session')) listed.generation = 9
      assert.deepEqual(await entry('a', 'session'), entryOf(make()))
    },
  },
  'many-refs': {
    title: 'listRefs gives more than a thousand refs, each once',
    async run({ record, entriesOf }) {
      const names = numbered('content', 1203)
      await Promise.all(names.map(name => record(name, 'session')))
      assertNames(namesOf(await entriesOf('session')), names, 'what listRefs gives')
    },
  },
  'stop-early': {
    title: 'a listing may be abandoned early, and the manifest goes on working',
    async run({ manifest, record, commit, entriesOf }) {
      for (const name of ['a', 'b', 'c']) await record(name, 'session')
      for await (const _entry of manifest.listRefs('session')) break
      for await (const _entry of manifest.listUncommitted(endOfTime)) break
      await commit('session', 'a')
      assert.equal((await entriesOf('session')).length, 3)
    },
  },
  'drops-meanwhile': {
    title: 'a listing from which a sweep takes what was listed already leaves out none of the others',
    async run({ manifest, record, claim }) {
      const names = numbered('content', 1300)
      await Promise.all(names.map(name => record(name, 'session')))
      const listings = [() => manifest.listRefs('session'), () => manifest.listUncommitted(endOfTime)]
      let left = names
      for (const list of listings) {
        const seen: string[] = []
        for await (const { attachmentId } of list()) {
          seen.push(textOf(attachmentId))
          if (seen.length !== 50) continue
          const claims = await claim({ ids: seen.map(idOf) })
          assert.equal(claims.length, 50)
        }
        assertNames(seen, left, 'what the listing gives')
        left = left.filter(name => !seen.slice(0, 50).includes(name))
      }
    },
  },
  'changes-meanwhile': {
    title: 'a listing during changes gives every ref that stays exactly once',
    async run({ manifest, record, hold }) {
      const names = numbered('content', 40)
      for (const name of names) await hold(name, 'session')
      const seen: string[] = []
      for await (const entry of manifest.listRefs('session')) {
        seen.push(textOf(entry.attachmentId))
        await record(names[seen.length % 40] ?? '', 'session', 9000 + seen.length)
        await record(names[0] ?? '', 'other')
      }
      assert.deepEqual([...new Set(seen)].sort(), [...names].sort())
      assert.equal(seen.length, names.length, 'no ref is listed twice')
    },
  },
  uncommitted: {
    title: 'listUncommitted gives exactly the entries that a sweep at that time would take, and takes none',
    async run({ manifest, record, hold, claim, claimOnly }) {
      await record('old', 'first', 1000)
      await record('young', 'first', 2001)
      await record('mixed', 'first', 1000)
      await record('mixed', 'second', 2001)
      await hold('committed', 'first')
      await record('half', 'first', 1000)
      await hold('half', 'second')
      await record('shared', 'first', 1500)
      await record('shared', 'second', 2000)
      await record('claimed', 'first', 1000)
      await claimOnly('claimed')
      const expected = ['old/first', 'shared/first', 'shared/second']
      for (let time = 0; time < 2; time++) {
        assert.deepEqual(held(await collect(manifest.listUncommitted(2000))), expected)
      }
      assert.deepEqual(await collect(manifest.listUncommitted(999)), [])
      assert.deepEqual(namesOf(await claim({ olderThanEpochMs: 2000 })), ['old', 'shared'])
      assert.deepEqual(await collect(manifest.listUncommitted(2000)), [])
    },
  },
  'uncommitted-released': {
    title: 'listUncommitted includes content whose refs are all released, and gives entries as lookup does',
    async run({ manifest, record, hold, release }) {
      await hold('a', 'first')
      await record('a', 'second')
      await release('first')
      const entries = await collect(manifest.listUncommitted(endOfTime))
      assert.deepEqual(held(entries), ['a/first', 'a/second'])
      for (const entry of entries) assert.deepEqual(entry, await manifest.lookup(entry.sessionId, idOf('a')))
    },
  },
  'uncommitted-in-groups': {
    title: 'listUncommitted gives the entries of one content one after the other',
    async run({ manifest, record }) {
      const names = numbered('content', 60)
      for (const session of ['first', 'second', 'third']) {
        await Promise.all(names.map((name, index) => record(name, session, 1000 + ((index * 7) % 13))))
      }
      const ids = (await collect(manifest.listUncommitted(2000))).map(entry => entry.attachmentId)
      assert.equal(ids.length, 180)
      const groups = ids.filter((id, index) => id !== ids[index - 1])
      assert.equal(groups.length, 60, 'every content is one group')
    },
  },
})
