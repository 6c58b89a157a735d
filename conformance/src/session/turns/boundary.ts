import assert from 'node:assert/strict'
import type { SessionCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { sessionGroup } from '../pair-under-test.ts'

export const boundaryCases: readonly SessionCase[] = sessionGroup('boundary', {
  'reads-only-its-own': {
    title: 'a session neither reads nor sees what only another session holds',
    async run({ session }) {
      const [owner, stranger] = [session('owner'), session('stranger')]
      await owner.putText('pending')
      await owner.hold('committed')
      await stranger.mustNotFind('pending', 'pending in another session')
      await stranger.mustNotFind('committed', 'committed in another session')
      await assert.rejects(stranger.get(idOf('committed'), { generation: 0 }), 'with the generation given')
      assert.deepEqual(await collect(stranger.list()), [])
    },
  },
  'like-named': {
    title: 'a session whose id differs in case, spaces or normal form is another session',
    async run({ session }) {
      await session('Caf\u00e9').hold('secret')
      for (const sessionId of ['caf\u00e9', 'Cafe\u0301', 'Cafe', 'Caf\u00e9 ', 'CAF\u00c9', '%', 'Caf_']) {
        await session(sessionId).mustNotFind('secret', JSON.stringify(sessionId))
      }
      await session('Caf\u00e9').mustRead('secret', 'the same id again')
    },
  },
  'not-in-the-manifest': {
    title: 'no session finds bytes that were put into the store without a session',
    async run({ session, putStray }) {
      await putStray('a')
      await session().mustNotFind('a', 'put without a session')
    },
  },
  'own-metadata': {
    title: 'each session sees its own metadata of the same bytes, whoever put them first',
    async run({ session }) {
      const [first, second] = [session('first'), session('second')]
      const ofFirst = { mediaType: 'text/plain', label: 'salary of the boss.txt', width: 1 }
      const ofSecond = { mediaType: 'text/markdown', label: 'notes.md' }
      await first.putText('a', ofFirst)
      const ref = await second.putText('a', ofSecond)
      await first.commit()
      await second.commit()
      const known = { id: idOf('a'), byteLength: 1 }
      assert.deepEqual(ref, { ...known, ...ofSecond })
      for (const [reader, own] of [[first, ofFirst] as const, [second, ofSecond] as const]) {
        assert.deepEqual((await reader.get(ref.id)).meta, { ...known, ...own })
        assert.deepEqual(await reader.stat(ref.id), { ...known, ...own })
        const { meta, body } = await reader.stream(ref.id)
        await body.cancel()
        assert.deepEqual(meta, { ...known, ...own })
      }
    },
  },
  'own-metadata-changes': {
    title: 'a session that puts the same bytes with other metadata changes its own metadata and no other',
    async run({ session }) {
      const [first, second] = [session('first'), session('second')]
      await first.putText('a', { mediaType: 'text/plain', label: 'old' })
      await second.putText('a', { mediaType: 'text/plain', label: 'other' })
      await first.putText('a', { mediaType: 'text/plain', label: 'new' })
      assert.equal((await first.stat(idOf('a')))?.label, 'new')
      assert.equal((await second.stat(idOf('a')))?.label, 'other')
    },
  },
  'list-its-own': {
    title: 'a session lists what it holds, once each, with length and generation, also by prefix',
    async run({ session, sweep }) {
      const [owner, other] = [session('owner'), session('other')]
      await owner.putText('swept')
      await sweep()
      const again = await owner.putText('swept')
      const own = await owner.hold('own text')
      await other.hold('own text')
      await other.hold('foreign')
      const list = async (options?: { prefix: string }) => {
        const listed = await collect(owner.list(options))
        return listed.map(({ id, generation, byteLength }) => ({ id, generation, byteLength }))
      }
      const [swept, ownText] = [again, own].map(({ id, generation = 0, byteLength }) => ({
        id,
        generation,
        byteLength,
      }))
      assert.ok(swept !== undefined && swept.generation > 0 && ownText !== undefined)
      assert.deepEqual(new Set(await list()), new Set([swept, ownText]))
      assert.equal((await list()).length, 2)
      assert.deepEqual(await list({ prefix: ownText.id.slice(0, 20) }), [ownText])
    },
  },
  release: {
    title: 'a session cannot read what it has released, and other sessions can',
    async run({ session, sweep }) {
      const [leaving, staying] = [session('leaving'), session('staying')]
      for (const text of ['a', 'b']) {
        await leaving.hold(text)
        await staying.hold(text)
      }
      await leaving.release([idOf('a')])
      await leaving.mustNotFind('a', 'released')
      await leaving.mustRead('b', 'not released')
      await leaving.release()
      await leaving.mustNotFind('b', 'all released')
      await sweep()
      for (const text of ['a', 'b']) await staying.mustRead(text, 'held by the other session')
    },
  },
  'delete-shared': {
    title: 'deleting bytes that another session holds, committed or pending, does that session no harm',
    async run({ session, sweep }) {
      const [deleting, committed, pending] = [session('deleting'), session('committed'), session('pending')]
      await deleting.hold('a')
      await committed.hold('a')
      await deleting.hold('b')
      await pending.putText('b')
      await deleting.delete(idOf('a'))
      await deleting.delete(idOf('b'))
      await deleting.mustNotFind('a', 'deleted')
      await committed.mustRead('a', 'committed by another session')
      await pending.mustRead('b', 'pending in another session')
      await pending.commit()
      await sweep()
      await pending.mustRead('b', 'committed after the delete')
    },
  },
  'delete-last': {
    title: 'deleting bytes that nobody else holds deletes them now; deleting what is not held does nothing',
    async run({ session, blobs }) {
      const [holding, other] = [session('holding'), session('other')]
      await holding.hold('a')
      await holding.hold('b')
      await other.delete(idOf('a'))
      await holding.mustRead('a', 'deleted by one who does not hold it')
      await holding.delete(idOf('a'))
      assert.deepEqual(await blobs(), ['b'])
      await holding.delete(idOf('a'))
      await holding.delete(idOf('never put'))
      await holding.delete('../x')
      assert.equal((await holding.hold('a')).generation, 1)
      await holding.mustRead('a', 'put again')
    },
  },
  'delete-under-intent': {
    title: 'a delete never takes bytes for which the stalled put of another session has recorded its intent',
    async run({ session, stoppable }) {
      const deleting = session('deleting')
      await deleting.hold('a')
      const stop = stoppable('before put')
      const writing = stop.session('writing')
      const put = await stop.stallThere(() => writing.putText('a'))
      await deleting.delete(idOf('a'))
      await put.goOn()
      await writing.commit()
      await writing.mustRead('a', 'committed')
    },
  },
  'put-during-delete': {
    title: 'a put while a delete of the same bytes stalls is not lost when the delete goes on',
    async run({ session, sweep, stall }) {
      await session('deleting').hold('a')
      const deleting = await stall('before delete', pair => pair.session('deleting').delete(idOf('a')))
      const writing = session('writing')
      await writing.hold('a')
      await deleting.goOn()
      await writing.mustRead('a', 'committed while the delete stalled')
      await sweep()
      await writing.mustRead('a', 'and after a sweep')
    },
  },
})
