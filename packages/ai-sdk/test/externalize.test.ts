import { attachmentsFor } from '@lash/attachments-ai-sdk'
import {
  AttachmentInvalidArgumentError,
  AttachmentNotFoundError,
  contentId,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import type { ModelMessage, UIMessage } from 'ai'
import { expect, test } from 'vitest'
import { base64, dataUrl, png, raw } from './bytes.ts'
import { openSession } from './session.ts'

function fileMessage(url: string, mediaType = 'x/y', filename?: string): UIMessage {
  return {
    id: 'm',
    role: 'user',
    parts: [{ type: 'file', mediaType, url, ...(filename !== undefined && { filename }) }],
  }
}

test('what a part says becomes the metadata', async () => {
  const session = openSession()
  const a = attachmentsFor(session)
  await a.externalize([
    fileMessage(dataUrl(raw, 'text/plain;charset=utf-8'), 'text/csv', 'täble.csv'),
    fileMessage(dataUrl(png, 'image/png'), 'image'),
  ])
  expect(await session.ref(await contentId(raw))).toMatchObject({ mediaType: 'text/csv', label: 'täble.csv' })
  expect(await session.ref(await contentId(png))).toMatchObject({ mediaType: 'image/png' })
})

test('a type is that of the data: URL, with its parameters, when the part says none', async () => {
  const session = openSession()
  const url = dataUrl(raw, 'text/plain;charset=utf-8')
  await attachmentsFor(session).externalize([
    fileMessage(url, ''),
    { role: 'user', content: [{ type: 'image', image: png }] },
  ])
  expect(await session.ref(await contentId(raw))).toMatchObject({ mediaType: 'text/plain;charset=utf-8' })
  expect(await session.ref(await contentId(png))).toMatchObject({ mediaType: 'application/octet-stream' })
})

test.each(['', 'a\0b', '\ud800', 'ä'.repeat(513)])('the name %j stays in its part alone', async filename => {
  const session = openSession()
  const [slim] = await attachmentsFor(session).externalize([fileMessage(dataUrl(raw, 'x/y'), 'x/y', filename)])
  expect(slim?.parts[0]).toMatchObject({ filename })
  expect(await session.ref(await contentId(raw))).not.toHaveProperty('label')
})

test.each([
  ['%00%fF%Fa', [0x00, 0xff, 0xfa]],
  ['a%20b+c', [0x61, 0x20, 0x62, 0x2b, 0x63]],
  ['ä,%25', [0xc3, 0xa4, 0x2c, 0x25]],
  ['', []],
])('the text %j of a data: URL is these bytes', async (text, bytes) => {
  const session = openSession()
  const a = attachmentsFor(session)
  const [ref] = a.refsIn(await a.externalize([fileMessage(`data:x/y,${text}`)]))
  expect((await session.get(ref?.id ?? '')).bytes).toEqual(new Uint8Array(bytes))
})

const user = (content: unknown): ModelMessage => ({ role: 'user', content }) as ModelMessage
const malformed: [what: string, message: UIMessage | ModelMessage, at: string][] = [
  ['base64 in a data: URL', fileMessage('data:x/y;base64,a'), 'messages[1].parts[0]: malformed data: URL'],
  ['padding', fileMessage('data:x/y;base64,AA=A'), 'malformed data: URL'],
  ['a letter', fileMessage('data:x/y;base64,AAA*'), 'malformed data: URL'],
  ['an escape', fileMessage('data:x/y,%4'), 'malformed data: URL'],
  ['half an escape', fileMessage('data:x/y,%a'), 'malformed data: URL'],
  ['an escape without digits', fileMessage('data:x/y,%:0'), 'malformed data: URL'],
  ['no comma', fileMessage('data:x/y;base64'), 'malformed data: URL'],
  ['the type in a data: URL', fileMessage('data:no type,a'), 'malformed data: URL'],
  ['the type of a part', fileMessage(dataUrl(raw, 'x/y'), 'no type'), 'messages[1].parts[0]: the media type'],
  ['a header', fileMessage(dataUrl(raw, 'x/y'), 'x/y\r\nSet-Cookie: a'), 'the media type'],
  [
    'base64 alone',
    user([
      { type: 'text', text: '' },
      { type: 'file', mediaType: 'x/y', data: 'a b c!' },
    ]),
    'messages[1].content[1]: malformed base64',
  ],
  [
    'base64 with a tag',
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: 'c',
          toolName: 't',
          output: { type: 'content', value: [{ type: 'file', mediaType: 'x/y', data: { type: 'data', data: '!' } }] },
        },
      ],
    },
    'messages[1].content[0].output.value[0]: malformed base64',
  ],
]

test.each(malformed)('malformed %s is an error that names the part', async (_, message, at) => {
  const session = openSession()
  const messages = [fileMessage(dataUrl(png, 'image/png'), 'image/png'), message]
  const error = await attachmentsFor(session)
    .externalize(messages)
    .catch((error: unknown) => error)
  expect(error).toBeInstanceOf(AttachmentInvalidArgumentError)
  expect((error as Error).message).toContain(at)
  expect((error as Error).message).not.toContain('base64,a')
})

test('no message that is given is changed, and none that is frozen is in the way', async () => {
  const output = { shots: [{ type: 'image', data: base64(raw), mimeType: 'x/y' }], at: 1 }
  const message: UIMessage = {
    id: 'm',
    role: 'assistant',
    parts: [{ type: 'dynamic-tool', toolName: 't', toolCallId: 'c', state: 'output-available', input: {}, output }],
  }
  const [slim] = await attachmentsFor(openSession()).externalize([frozen(message)])
  expect(slim).not.toBe(message)
  expect(JSON.stringify(slim)).toContain('attachment:')
})

test('equal bytes are put once, however they stand, and few at a time', async () => {
  const session = openSession()
  let puts = 0
  let reading = 0
  let most = 0
  const counting = Object.assign(Object.create(session) as SessionScopedAttachmentStore, {
    prepare: async (body: Uint8Array) => {
      most = Math.max(most, ++reading)
      await new Promise(resolve => setImmediate(resolve))
      const content = await session.prepare(body)
      reading--
      return content
    },
    put: (...given: Parameters<SessionScopedAttachmentStore['put']>) => {
      puts++
      return session.put(...given)
    },
  })
  const others = Array.from({ length: 20 }, (_, index) => fileMessage(dataUrl(new Uint8Array([index]), 'x/y')))
  const a = attachmentsFor(counting, { concurrency: 3 })
  const same = [
    fileMessage(dataUrl(raw, 'x/y')),
    fileMessage(dataUrl(raw, 'x/z')),
    user([{ type: 'file', mediaType: 'x/y', data: raw }]),
  ]
  const slim = await a.externalize([...same, ...others])
  expect(puts).toBe(21)
  expect(most).toBe(3)
  expect(a.refsIn(slim)).toHaveLength(21)
})

test('what is slim stays so, in whatever field its URL stands', async () => {
  const a = attachmentsFor(openSession())
  const url = `attachment:${await contentId(raw)}?bytes=7`
  const messages = [user([{ type: 'file', mediaType: 'x/y', data: { type: 'data', data: url } }])]
  expect((await a.externalize(messages))[0]).toBe(messages[0])
})

test('a call that fails has ended: nothing of it goes on', async () => {
  const session = openSession()
  let running = 0
  const slow = Object.assign(Object.create(session) as SessionScopedAttachmentStore, {
    prepare: async (body: Uint8Array) => {
      running++
      for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve))
      running--
      return session.prepare(body)
    },
  })
  const messages = [fileMessage(dataUrl(raw, 'x/y')), fileMessage('data:x/y;base64,a')]
  await expect(attachmentsFor(slow).externalize(messages)).rejects.toThrow('malformed')
  expect(running).toBe(0)
})

test('what is put is committed by nobody', async () => {
  const session = openSession()
  const a = attachmentsFor(session)
  const slim = await a.externalize([fileMessage(dataUrl(raw, 'x/y'))])
  expect(session.pendingRefs()).toEqual(a.refsIn(slim))
  await session.commit({ refs: a.refsIn(slim) })
  expect(session.pendingRefs()).toEqual([])
})

test('the generation of a ref is in its URL', async () => {
  const store = new InMemoryAttachmentStore()
  const manifest = new InMemoryAttachmentManifest()
  const session = new SessionScopedAttachmentStore(store, manifest, 'a')
  const before = await session.put(raw, { mediaType: 'x/y' })
  await session.delete(before.id)
  const a = attachmentsFor(session)
  const slim = await a.externalize([fileMessage(dataUrl(raw, 'x/y'))])
  const [ref] = a.refsIn(slim)
  expect(ref?.generation).toBeGreaterThan(0)
  await session.commit({ refs: a.refsIn(slim) })
})

test('a signal that has aborted puts nothing', async () => {
  const session = openSession()
  const reason = new Error('enough')
  const put = attachmentsFor(session).externalize([fileMessage(dataUrl(raw, 'x/y'))], {
    signal: AbortSignal.abort(reason),
  })
  await expect(put).rejects.toBe(reason)
  await expect(session.get(await contentId(raw))).rejects.toThrow(AttachmentNotFoundError)
})

test.each([0, 1.5, Number.NaN, '4'])('a concurrency of %j is refused', concurrency => {
  expect(() => attachmentsFor(openSession(), { concurrency: concurrency as number })).toThrow(
    AttachmentInvalidArgumentError,
  )
})

test('a fallback that is no function is refused', () => {
  expect(() => attachmentsFor(openSession(), { fallback: 'yes' as never })).toThrow(AttachmentInvalidArgumentError)
})

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const field of Object.values(Object.freeze(value))) frozen(field)
  return value
}
