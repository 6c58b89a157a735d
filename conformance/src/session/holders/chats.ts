import assert from 'node:assert/strict'
import type { AttachmentRef } from '@lash/attachments-core'
import type { SessionCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { type PairSteps, sessionGroup } from '../pair-under-test.ts'
import { refsTo, type TestSession } from '../test-session.ts'

/** Sends a message: adopts what its draft has, commits, and lets the draft go. */
async function send(pair: PairSteps, chat: string, draftName: string, messageName: string): Promise<TestSession> {
  const [draft, message] = [pair.session(chat, draftName), pair.session(chat, messageName)]
  await message.adopt(refsTo(...(await draft.texts())), draft)
  await message.commit()
  await draft.release()
  return message
}

/** Uploads a text to a draft, each in a view of its own, as each request has. */
async function attach(pair: PairSteps, chat: string, draft: string, ...texts: string[]): Promise<AttachmentRef[]> {
  return Promise.all(texts.map(text => pair.session(chat, draft).hold(text)))
}

export const chatCases: readonly SessionCase[] = sessionGroup('chats', {
  'draft-waits': {
    title: 'what is attached to a draft outlasts sweeps while a person thinks, and is in the message that is sent',
    async run(pair) {
      await attach(pair, 'chat', 'draft:1', 'a', 'b')
      await pair.sweep()
      await pair.sweep()
      const message = await send(pair, 'chat', 'draft:1', 'message:1')
      await pair.sweep()
      assert.deepEqual(await message.texts(), ['a', 'b'])
      for (const text of ['a', 'b']) await message.mustRead(text, 'after sweeps')
      assert.deepEqual(await pair.session('chat', 'draft:1').texts(), [])
      assert.deepEqual(await pair.blobs(), ['a', 'b'])
    },
  },
  'chip-removed': {
    title: 'a file that is removed from a draft is gone, unless a message shows the same bytes',
    async run(pair) {
      await attach(pair, 'chat', 'draft:1', 'shown', 'a')
      const message = await send(pair, 'chat', 'draft:1', 'message:1')
      await attach(pair, 'chat', 'draft:2', 'shown', 'chip')
      await pair.session('chat', 'draft:2').delete(idOf('chip'))
      assert.deepEqual(await pair.blobs(), ['a', 'shown'])
      await pair.session('chat', 'draft:2').release([idOf('shown')])
      await pair.sweep()
      await message.mustRead('shown', 'removed from a later draft')
    },
  },
  'draft-abandoned': {
    title: 'a draft that a timer of the host releases goes with the next sweep, and takes nothing with it',
    async run(pair) {
      await attach(pair, 'chat', 'draft:1', 'a')
      const message = await send(pair, 'chat', 'draft:1', 'message:1')
      await attach(pair, 'chat', 'draft:2', 'a', 'b')
      await pair.session('chat', 'draft:2').release()
      await pair.sweep()
      assert.deepEqual(await pair.blobs(), ['a'])
      await message.mustRead('a', 'in a message that was sent')
    },
  },
  'other-name': {
    title: 'a message keeps its name and type of bytes that are later attached under another name and type',
    async run(pair) {
      const png = { mediaType: 'image/png', label: 'a.png' }
      await pair.session('chat', 'draft:1').hold('bytes', png)
      const message = await send(pair, 'chat', 'draft:1', 'message:1')
      const html = { mediaType: 'text/html', label: 'b.html' }
      await pair.session('chat', 'draft:2').hold('bytes', html)
      await pair.session('chat').putText('bytes', html)
      assert.deepEqual(await message.ref(idOf('bytes')), { id: idOf('bytes'), byteLength: 5, ...png })
      const second = await send(pair, 'chat', 'draft:2', 'message:2')
      assert.deepEqual(await second.stat(idOf('bytes')), { id: idOf('bytes'), byteLength: 5, ...html })
      assert.equal((await message.stat(idOf('bytes')))?.label, 'a.png')
    },
  },
  'message-edited': {
    title: 'an edited message keeps what it still shows, has what is new, and lets the rest go',
    async run(pair) {
      await attach(pair, 'chat', 'draft:1', 'kept', 'dropped')
      const before = await send(pair, 'chat', 'draft:1', 'message:1')
      const edited = pair.session('chat', 'message:1 v2')
      await edited.adopt(refsTo('kept'), before)
      await edited.putText('new')
      await edited.commit()
      await before.release()
      await pair.sweep()
      assert.deepEqual(await edited.texts(), ['kept', 'new'])
      assert.deepEqual(await pair.blobs(), ['kept', 'new'])
      for (const text of ['kept', 'new']) await edited.mustRead(text, 'after the edit')
    },
  },
  'message-deleted': {
    title: 'a message that is deleted takes nothing from another that shows the same bytes',
    async run(pair) {
      for (const turn of ['1', '2']) {
        await attach(pair, 'chat', `draft:${turn}`, 'both', `only ${turn}`)
        await send(pair, 'chat', `draft:${turn}`, `message:${turn}`)
      }
      await pair.session('chat', 'message:1').release()
      await pair.sweep()
      assert.deepEqual(await pair.blobs(), ['both', 'only 2'])
      await pair.session('chat', 'message:2').mustRead('both', 'after the other message was deleted')
      await pair.session('chat', 'message:2').release()
      await pair.sweep()
      assert.deepEqual(await pair.blobs(), [])
    },
  },
  forked: {
    title: 'a fork has everything of its chat, message by message, and outlives it',
    async run(pair) {
      for (const turn of ['1', '2']) {
        await attach(pair, 'chat', `draft:${turn}`, 'both', `only ${turn}`)
        await send(pair, 'chat', `draft:${turn}`, `message:${turn}`)
      }
      for (const turn of ['1', '2']) {
        const [source, copy] = [pair.session('chat', `message:${turn}`), pair.session('fork', `message:${turn}`)]
        await copy.adopt(refsTo(...(await source.texts())), source)
        await copy.commit()
      }
      assert.deepEqual(await pair.session('fork').usage(), await pair.session('chat').usage())
      await pair.session('chat').release()
      await pair.sweep()
      assert.deepEqual(await pair.session('fork').texts(), ['both', 'only 1', 'only 2'])
      await pair.session('fork', 'message:1').release()
      await pair.sweep()
      assert.deepEqual(await pair.blobs(), ['both', 'only 2'])
      await pair.session('fork', 'message:2').mustRead('both', 'after the chat and a message are gone')
    },
  },
  'user-erased': {
    title: 'when every chat of a user is released, sweeps leave nothing but what other users hold',
    async run(pair) {
      const chats = ['alice:1', 'alice:2']
      for (const chat of chats) {
        await attach(pair, chat, 'draft:1', 'meme', `secret of ${chat}`)
        await send(pair, chat, 'draft:1', 'message:1')
        await attach(pair, chat, 'draft:2', `draft of ${chat}`)
        await pair.session(chat).putText(`half sent in ${chat}`)
      }
      await pair.session('bob:1', 'message:1').hold('meme')
      for (const chat of chats) await pair.session(chat).release()
      await pair.sweep()
      assert.deepEqual(await pair.blobs(), ['meme'])
      for (const chat of chats) {
        assert.deepEqual(await collect(pair.manifest.listRefs(chat)), [])
        await pair.session(chat, 'message:1').mustNotFind('meme', 'erased')
      }
      await pair.session('bob:1').mustRead('meme', 'of another user')
    },
  },
})
