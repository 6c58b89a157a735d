import { attachmentsFor, attachmentUrl } from '@lash/attachments-ai-sdk'
import { AttachmentInvalidArgumentError, AttachmentNotFoundError, contentId } from '@lash/attachments-core'
import { createDownload, generateText, type ModelMessage, type ToolResultPart, type UIMessage } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { expect, test } from 'vitest'
import { base64, dataUrl, png, raw } from './bytes.ts'
import { answer, comparable, promptOf } from './model.ts'
import { openSession } from './session.ts'

type Output = ToolResultPart['output']
const call = { toolCallId: 'call-1', toolName: 'draw' } as const
const file = { type: 'file', mediaType: 'x/y', filename: 'a.x' } as const
const text = { type: 'text', text: '[an attachment is missing: a.x, x/y]' }
const unnamed = { type: 'text', text: '[an attachment is missing: x/y]' }

/** What stands in its place when bytes are gone. */
const gone: [where: string, message: ModelMessage, content: unknown][] = [
  ['a file of a user', { role: 'user', content: [{ ...file, data: raw }] }, [text]],
  [
    'an image',
    { role: 'user', content: [{ type: 'image', image: raw }] },
    [{ type: 'text', text: '[an attachment is missing]' }],
  ],
  ['a file of the model', { role: 'assistant', content: [{ ...file, data: raw }] }, [text]],
  [
    'a file of its reasoning',
    { role: 'assistant', content: [{ type: 'reasoning-file', mediaType: 'x/y', data: raw }] },
    [unnamed],
  ],
  ...(
    [
      [
        { type: 'content', value: [{ ...file, data: { type: 'data', data: raw } }] },
        { type: 'content', value: [text] },
      ],
      [
        { type: 'content', value: [{ ...file, type: 'file-data', data: base64(raw) }] },
        { type: 'content', value: [text] },
      ],
      [
        { type: 'content', value: [{ type: 'file-url', mediaType: 'x/y', url: dataUrl(raw, 'x/y') }] },
        { type: 'content', value: [unnamed] },
      ],
      [
        { type: 'text', value: dataUrl(raw, 'x/y') },
        { type: 'text', value: unnamed.text },
      ],
      [
        { type: 'json', value: { a: dataUrl(raw, 'x/y'), b: 1 } },
        { type: 'json', value: { a: unnamed.text, b: 1 } },
      ],
      [
        { type: 'json', value: { b: { ...file, data: { type: 'data', data: base64(raw) } } } },
        { type: 'json', value: { b: text } },
      ],
      [
        { type: 'json', value: { type: 'image', data: base64(raw), mimeType: 'x/y' } },
        { type: 'json', value: unnamed },
      ],
    ] as [Output, Output][]
  ).map(([output, left]): [string, ModelMessage, unknown] => [
    `an output of a tool: ${JSON.stringify(output).slice(0, 60)}`,
    { role: 'tool', content: [{ type: 'tool-result', ...call, output }] },
    [{ type: 'tool-result', ...call, output: left }],
  ]),
]

test.each(gone)('%s whose bytes are gone is an error, or a text', async (_, message, content) => {
  const session = openSession()
  const a = attachmentsFor(session)
  const slim = await a.externalize([message])
  await session.release()
  await expect(a.toModelMessages(slim)).rejects.toThrow(AttachmentNotFoundError)
  expect(await a.toModelMessages(slim, { missing: 'text' })).toEqual([{ ...message, content }])
})

test('so are bytes that the store has lost, and parts of UI messages', async () => {
  const session = openSession()
  const a = attachmentsFor(session)
  const slim = await a.externalize<UIMessage>([
    { id: '1', role: 'user', parts: [{ ...file, url: dataUrl(raw, 'x/y') }] },
    {
      id: '2',
      role: 'assistant',
      parts: [
        {
          type: 'tool-draw',
          toolCallId: 'call-1',
          state: 'output-available',
          input: {},
          output: dataUrl(png, 'image/png'),
        },
      ],
    },
  ])
  await session.commit()
  await session.inner.delete(await contentId(raw))
  await session.inner.delete(await contentId(png))
  await expect(a.toModelMessages(slim)).rejects.toThrow(AttachmentNotFoundError)
  expect(await promptOf(await a.toModelMessages(slim, { missing: 'text' }), a.download)).toMatchObject([
    { role: 'user', content: [text] },
    { role: 'assistant', content: [{ type: 'tool-call' }] },
    { role: 'tool', content: [{ output: { type: 'text', value: '[an attachment is missing: image/png]' } }] },
  ])
})

test('another error than bytes that are gone is one with either choice', async () => {
  const session = openSession()
  const a = attachmentsFor(session)
  const slim = await a.externalize<ModelMessage>([{ role: 'assistant', content: [{ ...file, data: raw }] }])
  await session.close()
  await expect(a.toModelMessages(slim, { missing: 'text' })).rejects.toThrow('closed')
})

test('a malformed URL of an attachment is an error that names the part; in an output it is a text', async () => {
  const a = attachmentsFor(openSession())
  const parts = [{ type: 'text', text: 'hi' } as const, { ...file, url: 'attachment:0a' }]
  const error = await a.toModelMessages<UIMessage>([{ id: '1', role: 'user', parts }]).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(AttachmentInvalidArgumentError)
  expect((error as Error).message).toContain('messages[0].parts[1]')
  const output: Output = { type: 'json', value: 'attachment:0a' }
  const messages: ModelMessage[] = [{ role: 'tool', content: [{ type: 'tool-result', ...call, output }] }]
  expect(await a.toModelMessages(messages)).toEqual(messages)
})

test('an unknown choice is refused', async () => {
  const call = attachmentsFor(openSession()).toModelMessages([], { missing: 'skip' as never })
  await expect(call).rejects.toThrow(AttachmentInvalidArgumentError)
})

test('files of a user stay URLs until the SDK asks, and an aborted signal ends the reading', async () => {
  const session = openSession()
  const a = attachmentsFor(session)
  const slim = await a.externalize<ModelMessage>([
    { role: 'user', content: [{ ...file, data: raw }] },
    { role: 'assistant', content: [{ ...file, data: raw }] },
  ])
  const [user, assistant] = await a.toModelMessages(slim)
  const url = new URL(`attachment:${await contentId(raw)}?bytes=7`)
  expect(user?.content).toEqual([{ ...file, data: url }])
  expect(assistant?.content).toEqual([{ ...file, data: raw }])
  const reason = new Error('enough')
  await expect(a.toModelMessages(slim, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const requests = [{ url, isUrlSupportedByModel: false, abortSignal: AbortSignal.abort(reason) }]
  await expect(Promise.resolve(a.download(requests))).rejects.toBe(reason)
})

test('what stands both where the SDK downloads and where it does not is given to both', async () => {
  const a = attachmentsFor(openSession())
  const ofModel: ModelMessage = { role: 'assistant', content: [{ ...file, data: raw }] }
  const ofUser: ModelMessage = { role: 'user', content: [{ ...file, data: raw }] }
  const slim = await a.externalize([ofUser, ofModel, ofUser])
  const url = expect.any(URL)
  expect(await a.toModelMessages(slim)).toMatchObject([
    { content: [{ data: url }] },
    ofModel,
    { content: [{ data: url }] },
  ])
})

test('a URL object that went through JSON is one again', async () => {
  const url = new URL('https://example.com/a')
  const item = { ...file, data: { type: 'url', url } } as const
  const output: Output = { type: 'content', value: [item, { type: 'file-url', url: url.href, mediaType: 'x/y' }] }
  const messages: ModelMessage[] = [
    { role: 'user', content: [item] },
    { role: 'tool', content: [{ type: 'tool-result', ...call, output }] },
  ]
  const read: ModelMessage[] = JSON.parse(JSON.stringify(messages))
  const [user, tool] = await attachmentsFor(openSession()).toModelMessages(read)
  expect(user).toEqual({ role: 'user', content: [{ ...file, data: url }] })
  expect(tool).toEqual(messages[1])
})

test('a URL in an output has the type that is known', async () => {
  const session = openSession()
  const a = attachmentsFor(session)
  const unknown = attachmentUrl(await session.put(raw, { mediaType: 'application/octet-stream' }))
  const known = attachmentUrl(await session.put(new Uint8Array([1]), { mediaType: 'x/y' }))
  const item = (type: 'file-url' | 'image-url', url: string) => ({ type, url }) as const
  const value = [item('image-url', unknown), item('file-url', unknown), item('file-url', known)]
  const calls: ModelMessage = { role: 'assistant', content: [{ type: 'tool-call', ...call, input: {} }] }
  const result: ModelMessage = {
    role: 'tool',
    content: [{ type: 'tool-result', ...call, output: { type: 'content', value } }],
  }
  const types = [{ mediaType: 'image' }, { mediaType: 'application/octet-stream' }, { mediaType: 'x/y' }]
  const prompt = await promptOf(await a.toModelMessages([calls, result]), a.download)
  expect(prompt).toMatchObject([{}, { content: [{ output: { value: types } }] }])
})

test('each content is read once a call, and a model that takes every URL gets the bytes too', async () => {
  const session = openSession()
  const ref = await session.put(raw, { mediaType: 'text/x-y; charset=utf-8' })
  let reads = 0
  const get = session.get.bind(session)
  session.get = (...given) => {
    reads++
    return get(...given)
  }
  const a = attachmentsFor(session)
  const url = attachmentUrl(ref)
  const model = new MockLanguageModelV4({ supportedUrls: { '*/*': [/.*/] }, doGenerate: answer })
  const content = [1, 2, 3].map(() => ({ ...file, mediaType: 'text', data: url }))
  await generateText({ model, messages: [{ role: 'user', content }], experimental_download: a.download })
  expect(reads).toBe(1)
  const given = {
    ...file,
    mediaType: 'text/x-y',
    data: { type: 'data', data: comparable(raw) },
    providerOptions: undefined,
  }
  expect(comparable(model.doGenerateCalls[0]?.prompt)).toMatchObject([{ content: [given, given, given] }])
})

test('another URL is refused, unless the provider fetches it', async () => {
  const a = attachmentsFor(openSession())
  const url = new URL('http://user:secret@internal:8080/path')
  expect(await a.download([{ url, isUrlSupportedByModel: true }])).toEqual([null])
  const error = await Promise.resolve(a.download([{ url, isUrlSupportedByModel: false }])).catch(
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(AttachmentInvalidArgumentError)
  expect((error as Error).message).toContain('http://internal:8080 is not fetched')
  expect((error as Error).message).not.toContain('secret')
})

test('a fallback gets the other URLs, in their order', async () => {
  const session = openSession()
  const ref = await session.put(raw, { mediaType: 'x/y' })
  const asked: string[] = []
  const a = attachmentsFor(session, {
    fallback: async requests =>
      requests.map(({ url, isUrlSupportedByModel }) => {
        asked.push(url.href)
        return isUrlSupportedByModel ? null : { data: png, mediaType: 'image/png' }
      }),
  })
  const own = { url: new URL(attachmentUrl(ref)), isUrlSupportedByModel: false }
  const http = (path: string, isUrlSupportedByModel: boolean) => ({
    url: new URL(`http://a/${path}`),
    isUrlSupportedByModel,
  })
  const stored = { data: raw, mediaType: 'x/y' }
  expect(await a.download([http('1', true), own, http('2', false), own])).toEqual([
    null,
    stored,
    { data: png, mediaType: 'image/png' },
    stored,
  ])
  expect(asked).toEqual(['http://a/1', 'http://a/2'])
})

test('the download of the SDK is a fallback, with all that it refuses', async () => {
  const fetch = async () => new Response(png.slice(), { headers: { 'content-type': 'image/png' } })
  const a = attachmentsFor(openSession(), { fallback: createDownload({ fetch }) })
  const get = async (url: string) => a.download([{ url: new URL(url), isUrlSupportedByModel: false }])
  expect(await get('https://example.com/a.png')).toEqual([{ data: png, mediaType: 'image/png' }])
  await expect(get('http://127.0.0.1/a.png')).rejects.toThrow('not allowed')
})

test('a session reads only what it holds', async () => {
  const mine = openSession()
  const ref = await openSession().put(raw, { mediaType: 'x/y' })
  const url = new URL(attachmentUrl(ref))
  const download = Promise.resolve(attachmentsFor(mine).download([{ url, isUrlSupportedByModel: false }]))
  await expect(download).rejects.toThrow(AttachmentNotFoundError)
})
