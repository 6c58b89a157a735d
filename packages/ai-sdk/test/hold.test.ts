import { attachmentsFor, attachmentUrl } from '@lash/attachments-ai-sdk'
import {
  AttachmentNotFoundError,
  reclaimOrphanedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type { UIMessage } from 'ai'
import { expect, test } from 'vitest'
import { openSession } from './session.ts'

const unheld = `attachment:${'0'.repeat(64)}?bytes=3`
const meta = { mediaType: 'image/png', label: 'dot.png' }

/** What a user has sent, and what a tool has made of what a model wrote. */
function messageWith(...urls: readonly [file: string, output: string]): UIMessage {
  const [url, image] = urls
  return {
    id: 'm',
    role: 'assistant',
    parts: [
      { type: 'file', mediaType: 'image/png', url },
      {
        type: 'dynamic-tool',
        toolName: 't',
        toolCallId: 'c',
        state: 'output-available',
        input: unheld,
        output: { image },
      },
    ],
  }
}

test('a message holds what a draft and a tool have put, and outlives both', async () => {
  const session = openSession()
  const draft = session.withHolder('draft')
  const uploaded = await draft.put(new Uint8Array([1]), meta)
  await draft.commit()
  const made = await session.put(new Uint8Array([2]), meta)

  const view = session.withHolder('message:m')
  const refs = await attachmentsFor(view).hold([messageWith(attachmentUrl(uploaded), attachmentUrl(made))])
  expect(refs).toEqual([uploaded, made])
  expect(await view.commit()).toEqual(refs)

  await draft.release()
  await reclaimOrphanedAttachments(session.manifest, session.inner, Number.MAX_SAFE_INTEGER)
  expect((await view.get(uploaded.id)).bytes).toEqual(new Uint8Array([1]))
  expect((await view.get(made.id)).bytes).toEqual(new Uint8Array([2]))
})

test('what the session does not hold is left out, though another one does', async () => {
  const session = openSession()
  const other = new SessionScopedAttachmentStore(session.inner, session.manifest, 'chat-2')
  const secret = await other.put(new Uint8Array([3]), meta)
  await other.commit()
  const view = session.withHolder('message:m')
  expect(await attachmentsFor(view).hold([messageWith(attachmentUrl(secret), unheld)])).toEqual([])
  expect(await view.usage()).toEqual({ count: 0, byteLength: 0 })
  await expect(view.get(secret.id)).rejects.toThrow(AttachmentNotFoundError)
})

test('a fork holds what the other chat has, and not what a third one has', async () => {
  const chat = openSession()
  const [fork, third] = ['fork', 'third'].map(id => new SessionScopedAttachmentStore(chat.inner, chat.manifest, id))
  const kept = await chat.put(new Uint8Array([4]), meta)
  await chat.commit()
  const secret = await third?.put(new Uint8Array([5]), meta)
  const messages = [messageWith(attachmentUrl(kept), attachmentUrl(secret as typeof kept))]
  const held = await attachmentsFor(fork as typeof chat).hold(messages, { from: chat })
  expect(held).toEqual([kept])
  await fork?.commit()
  await chat.release()
  await reclaimOrphanedAttachments(chat.manifest, chat.inner, Number.MAX_SAFE_INTEGER)
  expect((await fork?.get(kept.id))?.bytes).toEqual(new Uint8Array([4]))
})

test('hold is aborted by its signal', async () => {
  const session = openSession()
  const ref = await session.put(new Uint8Array([6]), meta)
  const signal = AbortSignal.abort(new Error('enough'))
  const held = attachmentsFor(session).hold([messageWith(attachmentUrl(ref), unheld)], { signal })
  await expect(held).rejects.toThrow('enough')
})
