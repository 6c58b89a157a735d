import assert from 'node:assert/strict'
import { AttachmentInvalidArgumentError, SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { SessionCase } from '../../case.ts'
import { bytesOf, idOf, textOf } from '../../run/contents.ts'
import { sameBytes } from '../../run/expect.ts'
import { collect, readAll } from '../../run/samples.ts'
import { sessionGroup } from '../pair-under-test.ts'
import { textMeta } from '../test-session.ts'

export const viewCases: readonly SessionCase[] = sessionGroup('holders', {
  'with-holder': {
    title: 'withHolder gives a view of the same session, store and manifest, which puts and commits for the holder',
    async run({ store, manifest, session }) {
      const whole = session()
      const message = whole.withHolder('message')
      assert.equal(message.sessionId, 'session')
      assert.equal(message.holder, 'message')
      assert.equal(message.inner, store)
      assert.equal(message.manifest, manifest)
      assert.equal(whole.holder, undefined)
      await message.put(bytesOf('a'), textMeta)
      assert.equal((await message.commit()).length, 1)
      const entries = await collect(manifest.listRefs('session'))
      assert.deepEqual(
        entries.map(entry => entry.holder),
        ['message'],
      )
      await message.close()
      await whole.mustRead('a', 'through the view that is still open')
      await session('session', 'message').mustRead('a', 'through another view of the holder')
    },
  },
  refused: {
    title: 'a view of a holder that is too long or malformed is refused',
    async run({ store, manifest, session }) {
      const isInvalid = (error: unknown) => AttachmentInvalidArgumentError.isInstance(error)
      for (const bad of ['x'.repeat(513), '\ud800', 'a\0b', 7 as never]) {
        assert.throws(() => session().withHolder(bad), isInvalid)
        assert.throws(() => new SessionScopedAttachmentStore(store, manifest, 'session', { holder: bad }), isInvalid)
      }
      await session('session', 'x'.repeat(512)).hold('a')
      await session('session', '').mustRead('a', 'held by another holder')
    },
  },
  'reads-all-of-the-session': {
    title: 'a view of a holder reads whatever any holder of the session has, and nothing of another session',
    async run({ session }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      await draft.hold('a')
      await session().putText('b')
      await session('other', 'message').hold('foreign')
      for (const text of ['a', 'b']) {
        await message.mustRead(text, text)
        const { meta, body } = await message.stream(idOf(text))
        sameBytes(await readAll(body), bytesOf(text), 'stream')
        assert.deepEqual(await message.stat(idOf(text)), meta)
        assert.deepEqual(await message.ref(idOf(text)), meta)
      }
      await message.mustNotFind('foreign', 'of a holder of the same name in another session')
      assert.deepEqual(await message.texts(), [], 'what it may read is not what it holds')
      await draft.release()
      await message.mustNotFind('a', 'the only holder has released it')
    },
  },
  'own-metadata-first': {
    title: 'a view of a holder shows its own metadata, or that of a committed ref when it has none itself',
    async run({ session }) {
      const [first, second, third] = ['first', 'second', 'third'].map(name => session('session', name))
      assert.ok(first && second && third)
      await first.putText('a', { mediaType: 'text/plain', label: 'first' })
      await second.hold('a', { mediaType: 'text/html', label: 'second' })
      const labels = async () => {
        const metas = await Promise.all([first, second, third, session()].map(view => view.stat(idOf('a'))))
        return metas.map(meta => meta?.label)
      }
      assert.deepEqual(await labels(), ['first', 'second', 'second', 'second'])
      await session().putText('a', { mediaType: 'text/csv', label: 'of no holder' })
      assert.deepEqual(await labels(), ['first', 'second', 'second', 'of no holder'])
      assert.equal((await first.get(idOf('a'))).meta.label, 'first')
      await first.release()
      assert.deepEqual(await labels(), ['second', 'second', 'second', 'of no holder'])
    },
  },
  'commits-its-own': {
    title: 'a view commits what was put through it, for its holder, and nothing of another view',
    async run({ session, sweep }) {
      const [draft, message, whole] = [session('session', 'draft'), session('session', 'message'), session()]
      await draft.putText('a')
      await message.putText('a')
      await whole.putText('b')
      assert.equal((await message.commit()).length, 1)
      assert.ok(await message.isCommitted('a'))
      assert.ok(!(await draft.isCommitted('a')))
      assert.deepEqual(draft.pendingTexts(), ['a'])
      await whole.commit()
      assert.ok(await session('session', '').isCommitted('b'))
      await sweep()
      assert.equal(
        await session('session', 'draft').manifest.lookup('session', idOf('a'), { holder: 'draft' }),
        undefined,
      )
      await draft.mustRefuse('a')
      await message.mustRead('a', 'after the sweep')
    },
  },
  'lists-its-own': {
    title: 'a view of a holder lists what that holder has; a view of the session lists each content once',
    async run({ session }) {
      const [draft, message, whole] = [session('session', 'draft'), session('session', 'message'), session()]
      for (const text of ['both', 'of the draft']) await draft.hold(text)
      await message.hold('both')
      await whole.putText('of no holder')
      await message.hold('released')
      await message.release([idOf('released')])
      assert.deepEqual(await draft.texts(), ['both', 'of the draft'])
      assert.deepEqual(await message.texts(), ['both'])
      assert.deepEqual(await session('session', '').texts(), ['of no holder'])
      assert.deepEqual(await session('session', 'nobody').texts(), [])
      assert.deepEqual(await whole.texts(), ['both', 'of no holder', 'of the draft'])
      const prefix = idOf('both').slice(0, 12)
      assert.deepEqual(
        (await collect(whole.list({ prefix }))).map(({ id }) => textOf(id)),
        ['both'],
      )
    },
  },
  'releases-its-own': {
    title: 'a view of a holder releases what that holder has; a view of the session releases it of every holder',
    async run({ session, sweep, blobs }) {
      const [draft, message, whole] = [session('session', 'draft'), session('session', 'message'), session()]
      for (const text of ['a', 'b']) for (const view of [draft, message]) await view.hold(text)
      await draft.release([idOf('a')])
      await draft.mustRead('a', 'the message has it')
      assert.deepEqual(await draft.texts(), ['b'])
      await draft.release()
      await sweep()
      for (const text of ['a', 'b']) await message.mustRead(text, 'after the draft has released everything')
      await whole.release([idOf('a')])
      await message.mustNotFind('a', 'released for the whole session')
      await message.mustRead('b', 'not released')
      await whole.release()
      await sweep()
      assert.deepEqual(await blobs(), [])
    },
  },
  'deletes-its-own': {
    title: 'a delete by one holder does no harm to another holder of the session; that of the last deletes the bytes',
    async run({ session, blobs, sweep }) {
      const [draft, message, pending] = ['draft', 'message', 'pending'].map(name => session('session', name))
      assert.ok(draft && message && pending)
      await draft.hold('a')
      await message.hold('a')
      await pending.putText('a')
      await draft.delete(idOf('a'))
      await draft.mustRead('a', 'others of the session have it')
      await message.delete(idOf('a'))
      assert.deepEqual(await blobs(), ['a'], 'the third has only begun')
      await pending.commit()
      await sweep()
      await pending.mustRead('a', 'committed')
      await message.delete(idOf('a'))
      await pending.mustRead('a', 'a delete by one who has released it')
      await pending.delete(idOf('a'))
      assert.deepEqual(await blobs(), [])
      for (const view of [draft, message]) await view.hold('b')
      await session().delete(idOf('b'))
      assert.deepEqual(await blobs(), [], 'deleted for the whole session')
    },
  },
  'like-named': {
    title: 'a holder whose name differs in case, spaces or normal form is another holder',
    async run({ session }) {
      const names = ['Caf\u00e9', 'caf\u00e9', 'Cafe\u0301', 'Caf\u00e9 ', '', '%', 'Caf_']
      for (const name of names)
        await session('session', name).hold('a', { mediaType: 'text/plain', label: `of ${name}` })
      await session('session', 'Caf\u00e9').release()
      for (const name of names.slice(1)) {
        const view = session('session', name)
        assert.deepEqual(await view.texts(), ['a'], JSON.stringify(name))
        assert.equal((await view.stat(idOf('a')))?.label, `of ${name}`)
      }
      assert.deepEqual(await session('session', 'Caf\u00e9').texts(), [])
    },
  },
  'committed-metadata-stays': {
    title: 'what a holder said about bytes that it has committed stays when it puts them again, until it releases them',
    async run({ session }) {
      const [message, other] = [session('session', 'message'), session('session', 'other')]
      await message.hold('a', { mediaType: 'image/png', label: 'a.png', width: 4 })
      const committed = await message.ref(idOf('a'))
      assert.equal(committed?.label, 'a.png')
      const page = { mediaType: 'text/html', label: 'b.html' }
      for (const view of [message, other, session()]) await view.putText('a', page)
      assert.deepEqual(await message.ref(idOf('a')), committed)
      await message.commit()
      assert.deepEqual(await message.ref(idOf('a')), committed)
      assert.equal((await other.ref(idOf('a')))?.label, 'b.html')
      await message.release()
      await message.hold('a', page)
      assert.deepEqual(await message.ref(idOf('a')), { id: idOf('a'), byteLength: 1, ...page })
    },
  },
})
