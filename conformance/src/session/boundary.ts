import assert from 'node:assert/strict'
import { caseGroup, type SessionCase } from '../case.ts'
import { stoppedBefore } from './gates.ts'
import {
  assertAbsent,
  assertReads,
  blobsOf,
  bytesOf,
  collected,
  drained,
  gateOf,
  hold,
  idOf,
  inBackground,
  put,
  sessionOf,
  sweep,
  textMeta,
} from './steps.ts'

export const boundaryCases: readonly SessionCase[] = caseGroup('session', 'boundary', [
  {
    name: 'reads-only-its-own',
    title: 'a session neither reads nor sees what only another session holds',
    async run(context) {
      const pair = await context.create()
      const owner = sessionOf(pair, 'owner')
      const stranger = sessionOf(pair, 'stranger')
      await put(owner, 'pending')
      await hold(owner, 'committed')
      await assertAbsent(stranger, idOf('pending'), 'pending in another session')
      await assertAbsent(stranger, idOf('committed'), 'committed in another session')
      await assert.rejects(stranger.get(idOf('committed'), { generation: 0 }), 'with the generation given')
      assert.deepEqual(await collected(stranger.list()), [])
    },
  },
  {
    name: 'like-named',
    title: 'a session whose id differs in case, spaces or normal form is another session',
    async run(context) {
      const pair = await context.create()
      await hold(sessionOf(pair, 'Caf\u00e9'), 'secret')
      for (const sessionId of ['caf\u00e9', 'Cafe\u0301', 'Cafe', 'Caf\u00e9 ', 'CAF\u00c9', '%', 'Caf_']) {
        await assertAbsent(sessionOf(pair, sessionId), idOf('secret'), JSON.stringify(sessionId))
      }
      await assertReads(sessionOf(pair, 'Caf\u00e9'), 'secret', 'the same id again')
    },
  },
  {
    name: 'not-in-the-manifest',
    title: 'bytes that were put into the store without a session are in none',
    async run(context) {
      const pair = await context.create()
      const { id } = await pair.store.put(bytesOf('a'), textMeta)
      await assertAbsent(sessionOf(pair, 'session'), id, 'put without a session')
    },
  },
  {
    name: 'own-metadata',
    title: 'each session sees its own metadata of the same bytes, whoever put first',
    async run(context) {
      const pair = await context.create()
      const first = sessionOf(pair, 'first')
      const second = sessionOf(pair, 'second')
      const ofFirst = { mediaType: 'text/plain', label: 'salary of the boss.txt', width: 1 }
      const ofSecond = { mediaType: 'text/markdown', label: 'notes.md' }
      await first.put(bytesOf('a'), ofFirst)
      const ref = await second.put(bytesOf('a'), ofSecond)
      await first.commit()
      await second.commit()
      const known = { id: idOf('a'), byteLength: 1 }
      assert.deepEqual(ref, { ...known, ...ofSecond })
      for (const [session, own] of [
        [first, ofFirst],
        [second, ofSecond],
      ] as const) {
        assert.deepEqual((await session.get(ref.id)).meta, { ...known, ...own })
        assert.deepEqual(await session.stat(ref.id), { ...known, ...own })
        const { meta, body } = await session.stream(ref.id)
        assert.deepEqual(meta, { ...known, ...own })
        await drained(body)
      }
    },
  },
  {
    name: 'own-metadata-changes',
    title: 'a session that puts the same bytes with other metadata changes its own, and no other',
    async run(context) {
      const pair = await context.create()
      const first = sessionOf(pair, 'first')
      const second = sessionOf(pair, 'second')
      await first.put(bytesOf('a'), { mediaType: 'text/plain', label: 'old' })
      await second.put(bytesOf('a'), { mediaType: 'text/plain', label: 'other' })
      await first.put(bytesOf('a'), { mediaType: 'text/plain', label: 'new' })
      assert.equal((await first.stat(idOf('a')))?.label, 'new')
      assert.equal((await second.stat(idOf('a')))?.label, 'other')
    },
  },
  {
    name: 'list-its-own',
    title: 'a session lists what it holds, once each, with length and generation, also by prefix',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      const other = sessionOf(pair, 'other')
      await put(session, 'swept')
      await sweep(pair)
      await put(session, 'swept')
      await hold(session, 'own text')
      await hold(other, 'own text')
      await hold(other, 'foreign')
      const listed = (await collected(session.list())).map(({ id, generation, byteLength }) => ({
        id,
        generation,
        byteLength,
      }))
      const expected = [
        { id: idOf('swept'), generation: 1, byteLength: 5 },
        { id: idOf('own text'), generation: 0, byteLength: 8 },
      ]
      const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
      assert.deepEqual(listed.sort(byId), expected.sort(byId))
      const narrowed = await collected(session.list({ prefix: idOf('own text').slice(0, 20) }))
      assert.deepEqual(
        narrowed.map(({ id }) => id),
        [idOf('own text')],
      )
    },
  },
  {
    name: 'release',
    title: 'what a session has released it cannot read, and other sessions can',
    async run(context) {
      const pair = await context.create()
      const leaving = sessionOf(pair, 'leaving')
      const staying = sessionOf(pair, 'staying')
      for (const text of ['a', 'b']) {
        await hold(leaving, text)
        await hold(staying, text)
      }
      await leaving.release([idOf('a')])
      await assertAbsent(leaving, idOf('a'), 'released')
      await assertReads(leaving, 'b', 'not released')
      await leaving.release()
      await assertAbsent(leaving, idOf('b'), 'all released')
      await sweep(pair)
      for (const text of ['a', 'b']) await assertReads(staying, text, 'held by the other session')
    },
  },
  {
    name: 'delete-shared',
    title: 'deleting bytes that another session holds, committed or pending, harms nobody',
    async run(context) {
      const pair = await context.create()
      const deleting = sessionOf(pair, 'deleting')
      const committed = sessionOf(pair, 'committed')
      const pending = sessionOf(pair, 'pending')
      await hold(deleting, 'a')
      await hold(committed, 'a')
      await hold(deleting, 'b')
      await put(pending, 'b')
      await deleting.delete(idOf('a'))
      await deleting.delete(idOf('b'))
      await assertAbsent(deleting, idOf('a'), 'deleted')
      await assertReads(committed, 'a', 'committed by another session')
      await assertReads(pending, 'b', 'pending in another session')
      await pending.commit()
      await sweep(pair)
      await assertReads(pending, 'b', 'committed after the delete')
    },
  },
  {
    name: 'delete-last',
    title: 'deleting bytes that nobody else holds deletes them now; again, or of what is not held, does nothing',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      const other = sessionOf(pair, 'other')
      await hold(session, 'a')
      await hold(session, 'b')
      await other.delete(idOf('a'))
      await assertReads(session, 'a', 'deleted by one who does not hold it')
      await session.delete(idOf('a'))
      assert.deepEqual(await blobsOf(pair.store, ['a', 'b']), ['b'])
      await session.delete(idOf('a'))
      await session.delete(idOf('never put'))
      await session.delete('../x')
      const ref = await put(session, 'a')
      assert.equal(ref.generation, 1)
      await session.commit()
      await assertReads(session, 'a', 'put again')
    },
  },
  {
    name: 'delete-under-intent',
    title: "a delete never takes bytes from under another session's put, which has recorded its intent and stalls",
    async run(context) {
      const { store, manifest } = await context.create()
      const gate = gateOf(context)
      const deleting = sessionOf({ store, manifest }, 'deleting')
      const writing = sessionOf({ store: stoppedBefore(store, 'put', gate), manifest }, 'writing')
      await hold(deleting, 'a')
      const putting = inBackground(put(writing, 'a'))
      await gate.reached
      await deleting.delete(idOf('a'))
      gate.open()
      await putting
      await writing.commit()
      await assertReads(writing, 'a', 'committed')
    },
  },
  {
    name: 'put-during-delete',
    title: 'a put while a delete of the same bytes stalls is not lost when the delete goes on',
    async run(context) {
      const { store, manifest } = await context.create()
      const gate = gateOf(context)
      const deleting = sessionOf({ store: stoppedBefore(store, 'delete', gate), manifest }, 'deleting')
      const writing = sessionOf({ store, manifest }, 'writing')
      await hold(deleting, 'a')
      const deletion = inBackground(deleting.delete(idOf('a')))
      await gate.reached
      await hold(writing, 'a')
      gate.open()
      await deletion
      await assertReads(writing, 'a', 'committed while the delete stalled')
      await sweep({ store, manifest })
      await assertReads(writing, 'a', 'and after a sweep')
    },
  },
])
