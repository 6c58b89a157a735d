import assert from 'node:assert/strict'
import { AttachmentInvalidArgumentError, type AttachmentRef } from '@lash/attachments-core'
import type { SessionCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { sessionGroup } from '../pair-under-test.ts'
import { mustRefuse } from '../test-session.ts'

export const givenRefCases: readonly SessionCase[] = sessionGroup('commit of given refs', {
  'put-by-another-view': {
    title: 'refs that another view of the session has put are committed when they are given, and not otherwise',
    async run({ session, sweep }) {
      const ref = await session().putText('a')
      const sending = session()
      assert.deepEqual(await sending.commit(), [], 'nothing is pending in this view')
      assert.ok(!(await sending.isCommitted('a')))
      assert.deepEqual(await sending.commit({ refs: [ref] }), [ref])
      assert.ok(await sending.isCommitted('a'))
      await sweep()
      await session().mustRead('a', 'after a sweep')
    },
  },
  'in-two-requests': {
    title: 'what one request uploads another commits, of a holder, by refs that went through JSON in between',
    async run({ session, sweep }) {
      const upload = async (text: string) => JSON.stringify(await session('session', 'message').putText(text))
      const bodies = [await upload('a'), await upload('b')]
      const refs = bodies.map(body => JSON.parse(body) as AttachmentRef)
      await session('session', 'message').commit({ refs })
      await sweep()
      for (const text of ['a', 'b']) await session('session', 'message').mustRead(text, 'after a sweep')
    },
  },
  'two-instances': {
    title: 'what one process uploads another commits, by refs that went through JSON in between',
    requires: ['reopen', 'crash-safe'],
    async run({ session, sweep, reopen }) {
      const body = JSON.stringify(await session().putText('a'))
      const other = await reopen()
      await other.session().commit({ refs: [JSON.parse(body) as AttachmentRef] })
      await sweep()
      await session().mustRead('a', 'after a sweep')
    },
  },
  'leaves-the-rest-pending': {
    title: 'a commit of given refs takes exactly these from what is pending, and leaves the rest',
    async run({ session }) {
      const writing = session()
      const ref = await writing.putText('a')
      await writing.putText('b')
      assert.deepEqual(await writing.commit({ refs: [] }), [])
      assert.deepEqual(writing.pendingTexts(), ['a', 'b'])
      await writing.commit({ refs: [ref] })
      assert.deepEqual(writing.pendingTexts(), ['b'])
      assert.ok(!(await writing.isCommitted('b')))
      await writing.commit()
      assert.ok(await writing.isCommitted('b'))
    },
  },
  'all-or-nothing': {
    title: 'a commit of given refs of which one is not held by the holder is refused as a whole, naming it',
    async run({ session, sweep }) {
      const message = session('session', 'message')
      const swept = await message.putText('swept')
      await sweep()
      const own = await message.putText('own')
      const others: [string, AttachmentRef][] = [
        ['of the draft', await session('session', 'draft').hold('of the draft')],
        ['of no holder', await session().hold('of no holder')],
        ['of another session', await session('other', 'message').hold('of another session')],
        ['swept', swept],
        ['own', { ...own, generation: (own.generation ?? 0) + 1 }],
      ]
      for (const [text, ref] of others) {
        await mustRefuse(message.commit({ refs: text === 'own' ? [ref] : [own, ref] }), text)
        assert.ok(!(await message.isCommitted('own')), text)
        assert.deepEqual(message.pendingTexts().includes('own'), true, 'nothing was committed, so it is still pending')
      }
      await message.commit({ refs: [own] })
      assert.ok(await message.isCommitted('own'))
    },
  },
  'made-up': {
    title: 'given refs that are none are refused as bad arguments, and nothing is committed',
    async run({ session }) {
      const writing = session()
      const ref = await writing.putText('a')
      const bad = [{ ...ref, id: '../x' }, { ...ref, id: ref.id.toUpperCase() }, { ...ref, generation: -1 }, {}, null]
      for (const made of bad) {
        const commit = writing.commit({ refs: [ref, made as AttachmentRef] })
        await assert.rejects(commit, error => AttachmentInvalidArgumentError.isInstance(error), JSON.stringify(made))
      }
      assert.ok(!(await writing.isCommitted('a')))
      assert.equal(writing.pendingRefs().length, 1)
    },
  },
  'old-generation': {
    title: 'a given ref is exact: one from before a sweep is refused after the same bytes were put again',
    async run({ session, sweep }) {
      const old = await session().putText('a')
      await sweep()
      const again = await session().putText('a')
      await mustRefuse(session().commit({ refs: [old] }), 'a')
      await mustRefuse(session().commit({ refs: [{ ...again, generation: 0 }] }), 'a')
      await session().commit({ refs: [again] })
      await sweep()
      await session().mustRead('a', 'committed')
    },
  },
  again: {
    title: 'a commit of refs that are committed already succeeds',
    async run({ session, manifest }) {
      const ref = await session().hold('a')
      const before = await manifest.lookup('session', idOf('a'))
      assert.deepEqual(await session().commit({ refs: [ref, ref] }), [ref, ref])
      assert.deepEqual(await manifest.lookup('session', idOf('a')), before)
    },
  },
})
