import assert from 'node:assert/strict'
import type { AttachmentManifestEntry } from '@lash/attachments-core'
import { caseGroup, type ManifestCase } from '../../case.ts'
import { claim, claimOnly, collected, endOfTime, entryOf, hold, idOf, intentFor, namesOf, record } from '../steps.ts'

/** Content and session of entries, sorted, as `name/session`. */
function held(entries: readonly AttachmentManifestEntry[], names: readonly string[]): string[] {
  return entries.map(entry => `${namesOf([entry], names)[0]}/${entry.sessionId}`).sort()
}

export const listingCases: readonly ManifestCase[] = caseGroup('manifest', 'lookup and list', [
  {
    name: 'lookup-misses',
    title: 'lookup of what the session does not hold, or of no id, is undefined',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'other')
      const id = idOf('a')
      const misses = [id, idOf('b'), '', 'a', id.toUpperCase(), `sha256:${id}`, `${id} `, `../${id}`, '%', `${id}\0`]
      for (const miss of misses) assert.equal(await manifest.lookup('session', miss), undefined)
      assert.equal(await manifest.lookup('other', id.toUpperCase()), undefined)
    },
  },
  {
    name: 'refs-of-a-session',
    title: 'listRefs gives every ref of the session as lookup does, live, committed or released, and no other',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'live', 'session')
      await hold(manifest, 'committed', 'session')
      await hold(manifest, 'released', 'session')
      await manifest.releaseRefs('session', [idOf('released')])
      await hold(manifest, 'committed', 'other')
      await record(manifest, 'foreign', 'other')
      const entries = await collected(manifest.listRefs('session'))
      const names = ['committed', 'live', 'released']
      assert.deepEqual(namesOf(entries, names), names)
      for (const entry of entries) {
        assert.deepEqual(entry, await manifest.lookup('session', entry.attachmentId))
      }
      assert.deepEqual(await collected(manifest.listRefs('nobody')), [])
    },
  },
  {
    name: 'entries-are-copies',
    title: 'changing an entry, or the intent after the call, changes nothing that is recorded',
    async run(context) {
      const { manifest } = await context.create()
      const intent = intentFor('a', 'session', 1000, { mediaType: 'text/plain', label: 'kept' })
      await manifest.recordIntent(intent)
      if (intent.meta !== undefined) intent.meta.label = 'changed'
      const entry = await entryOf(manifest, 'a', 'session')
      assert.equal(entry.meta?.label, 'kept')
      entry.committedAtEpochMs = 1
      if (entry.meta !== undefined) entry.meta.label = 'changed'
      for await (const listed of manifest.listRefs('session')) listed.generation = 9
      const expected = { ...intentFor('a', 'session', 1000, { mediaType: 'text/plain', label: 'kept' }), generation: 0 }
      assert.deepEqual(await entryOf(manifest, 'a', 'session'), expected)
    },
  },
  {
    name: 'many-refs',
    title: 'listRefs gives more than a thousand refs, each once',
    async run(context) {
      const { manifest } = await context.create()
      const names = Array.from({ length: 1203 }, (_, index) => `content ${index}`)
      await Promise.all(names.map(name => record(manifest, name, 'session')))
      const listed = await collected(manifest.listRefs('session'))
      assert.deepEqual(namesOf(listed, names), [...names].sort())
    },
  },
  {
    name: 'stop-early',
    title: 'a listing may be left early, and the manifest goes on working',
    async run(context) {
      const { manifest } = await context.create()
      for (const name of ['a', 'b', 'c']) await record(manifest, name, 'session')
      for await (const _entry of manifest.listRefs('session')) break
      for await (const _entry of manifest.listUncommitted(endOfTime)) break
      await manifest.commitRefs('session', [idOf('a')])
      assert.equal((await collected(manifest.listRefs('session'))).length, 3)
    },
  },
  {
    name: 'changes-meanwhile',
    title: 'a listing during changes gives every ref that stays, once',
    async run(context) {
      const { manifest } = await context.create()
      const names = Array.from({ length: 40 }, (_, index) => `content ${index}`)
      for (const name of names) await hold(manifest, name, 'session')
      const seen: string[] = []
      for await (const entry of manifest.listRefs('session')) {
        seen.push(namesOf([entry], names)[0] ?? '')
        await record(manifest, names[seen.length % 40] ?? '', 'session', 9000 + seen.length)
        await record(manifest, names[0] ?? '', 'other')
      }
      assert.deepEqual([...new Set(seen)].sort(), [...names].sort())
      assert.equal(seen.length, names.length, 'no ref is listed twice')
    },
  },
  {
    name: 'uncommitted',
    title: 'listUncommitted gives exactly the entries that a sweep at that time would take, and takes none',
    async run(context) {
      const { manifest } = await context.create()
      const names = ['old', 'young', 'mixed', 'committed', 'half', 'released', 'claimed', 'shared']
      await record(manifest, 'old', 'first', 1000)
      await record(manifest, 'young', 'first', 2001)
      await record(manifest, 'mixed', 'first', 1000)
      await record(manifest, 'mixed', 'second', 2001)
      await hold(manifest, 'committed', 'first')
      await record(manifest, 'half', 'first', 1000)
      await hold(manifest, 'half', 'second')
      await record(manifest, 'shared', 'first', 1500)
      await record(manifest, 'shared', 'second', 2000)
      await record(manifest, 'claimed', 'first', 1000)
      await claimOnly(manifest, 'claimed')
      const expected = ['old/first', 'shared/first', 'shared/second']
      for (let time = 0; time < 2; time++) {
        assert.deepEqual(held(await collected(manifest.listUncommitted(2000)), names), expected)
      }
      assert.deepEqual(await collected(manifest.listUncommitted(999)), [])
      assert.deepEqual(namesOf(await claim(manifest, 2000), names), ['old', 'shared'])
      assert.deepEqual(await collected(manifest.listUncommitted(2000)), [])
    },
  },
  {
    name: 'uncommitted-released',
    title: 'listUncommitted gives content whose refs are all released, and entries as lookup does',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'first')
      await record(manifest, 'a', 'second')
      await manifest.releaseRefs('first')
      const entries = await collected(manifest.listUncommitted(endOfTime))
      assert.deepEqual(held(entries, ['a']), ['a/first', 'a/second'])
      for (const entry of entries) assert.deepEqual(entry, await manifest.lookup(entry.sessionId, idOf('a')))
    },
  },
  {
    name: 'uncommitted-in-groups',
    title: 'listUncommitted gives the entries of one content one after the other',
    async run(context) {
      const { manifest } = await context.create()
      const names = Array.from({ length: 60 }, (_, index) => `content ${index}`)
      for (const session of ['first', 'second', 'third']) {
        await Promise.all(names.map((name, index) => record(manifest, name, session, 1000 + ((index * 7) % 13))))
      }
      const ids = (await collected(manifest.listUncommitted(2000))).map(entry => entry.attachmentId)
      assert.equal(ids.length, 180)
      const groups = ids.filter((id, index) => id !== ids[index - 1])
      assert.equal(groups.length, 60, 'every content is one group')
    },
  },
])
