import assert from 'node:assert/strict'
import type { SessionCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { failingWith } from '../interception.ts'
import { sessionGroup } from '../pair-under-test.ts'

export const usageCases: readonly SessionCase[] = sessionGroup('usage', {
  'each-content-once': {
    title: 'the usage of a session counts each content once, however many of its holders have it',
    async run({ session }) {
      assert.deepEqual(await session().usage(), { count: 0, byteLength: 0 })
      for (const name of ['draft', 'message', '']) {
        for (const text of ['four', 'eleven char']) await session('session', name).hold(text)
      }
      await session('session', 'draft').putText('pending')
      await session('session', 'message').putText('')
      await session('other', 'message').hold('foreign')
      assert.deepEqual(await session().usage(), { count: 4, byteLength: 4 + 11 + 7 })
    },
  },
  'of-a-holder': {
    title: 'the usage of a holder counts what that holder has, and nothing else that it can read',
    async run({ session }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      await draft.hold('1234')
      await message.hold('1234')
      await message.hold('123456')
      assert.deepEqual(await draft.usage(), { count: 1, byteLength: 4 })
      assert.deepEqual(await message.usage(), { count: 2, byteLength: 10 })
      assert.deepEqual(await session('session', '').usage(), { count: 0, byteLength: 0 })
    },
  },
  'live-only': {
    title: 'the usage counts what is live, and neither what is released or deleted nor what a sweep took',
    async run({ session, sweep }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      for (const text of ['a', 'bb', 'ccc']) await draft.hold(text)
      await message.hold('bb')
      await draft.release([idOf('a'), idOf('bb')])
      assert.deepEqual(await session().usage(), { count: 2, byteLength: 5 })
      await draft.delete(idOf('ccc'))
      await message.putText('dddd')
      assert.deepEqual(await session().usage(), { count: 2, byteLength: 6 })
      await sweep()
      assert.deepEqual(await session().usage(), { count: 1, byteLength: 2 })
      await session().release()
      assert.deepEqual(await session().usage(), { count: 0, byteLength: 0 })
    },
  },
  'of-the-manifest-alone': {
    title: 'the usage of many contents is counted without a call of the store',
    async run({ session, intercepted }) {
      const writing = session('session', 'message')
      const texts = numbered('text', 70)
      await Promise.all(texts.map(text => writing.putText(text)))
      await writing.commit()
      const called = failingWith(new assert.AssertionError({ message: 'the store was called' }))
      const view = intercepted({ stat: called, get: called, stream: called }).session()
      const byteLength = texts.reduce((sum, text) => sum + text.length, 0)
      assert.deepEqual(await view.usage(), { count: 70, byteLength })
    },
  },
})
