import { attachmentsFor, attachmentUrl } from '@lash/attachments-ai-sdk'
import { AttachmentNotFoundError } from '@lash/attachments-core'
import {
  createUIMessageStream,
  generateImage,
  type ImageModel,
  isStepCount,
  readUIMessageStream,
  streamText,
  tool,
  toUIMessageStream,
  type UIMessage,
} from 'ai'
import { MockImageModelV4, MockLanguageModelV4 } from 'ai/test'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { base64, dataUrl, png, raw } from './bytes.ts'
import { comparable, promptOf, streamOf } from './model.ts'
import { openSession } from './session.ts'

const inputSchema = z.object({ prompt: z.string() })
const toolCall = { type: 'tool-call', toolCallId: 'c1', toolName: 'draw', input: '{"prompt":"a lake"}' } as const

test('a tool returns a picture: the model sees it at once and in later turns, and the stored message is slim', async () => {
  const session = openSession()
  const a = attachmentsFor(session)
  const tools = {
    draw: tool({
      inputSchema,
      execute: async () => {
        const ref = await session.put(png, { mediaType: 'image/png', label: 'lake.png' })
        return { caption: 'A lake', image: attachmentUrl(ref) }
      },
      toModelOutput: a.toModelOutput,
    }),
  }
  const other = new Uint8Array([...png, 4])
  const made = { type: 'file', mediaType: 'image/png', data: { type: 'data', data: other } } as const
  const model = new MockLanguageModelV4({
    doStream: [
      streamOf([toolCall]),
      streamOf([made, { type: 'reasoning-file', mediaType: 'x/y', data: { type: 'data', data: raw } }]),
    ],
  })
  const asked: UIMessage[] = [{ id: 'm-1', role: 'user', parts: [{ type: 'text', text: 'draw a lake' }] }]
  let saved: UIMessage | undefined
  const stream = createUIMessageStream({
    originalMessages: asked,
    generateId: () => 'm-2',
    execute: async ({ writer }) => {
      const messages = await a.toModelMessages(asked, { tools })
      const result = streamText({ model, messages, tools, stopWhen: isStepCount(5), experimental_download: a.download })
      writer.merge(toUIMessageStream({ stream: result.stream, tools }).pipeThrough(a.externalizeStream()))
    },
    onEnd: async ({ responseMessage }) => {
      saved = responseMessage
      await session.commit({ refs: a.refsIn([responseMessage]) })
    },
  })
  let shown: UIMessage | undefined
  for await (const message of readUIMessageStream({
    stream: stream.pipeThrough(a.forBrowserStream(id => `/files/${id}`)),
  })) {
    shown = message
  }

  if (saved === undefined) throw new Error('the stream has not ended')
  const [drawn, painted, reasoned] = a.refsIn([saved])
  expect([drawn?.byteLength, painted?.byteLength, reasoned?.byteLength]).toEqual([12, 13, 7])
  const url = `attachment:${drawn?.id}?bytes=12`
  expect(saved.parts).toMatchObject([
    { type: 'step-start' },
    { type: 'tool-draw', output: { caption: 'A lake', image: url } },
    { type: 'step-start' },
    { type: 'file', url: `attachment:${painted?.id}?bytes=13`, mediaType: 'image/png' },
    { type: 'reasoning-file', url: `attachment:${reasoned?.id}?bytes=7` },
  ])
  expect(shown?.parts).toMatchObject([
    {},
    { output: { image: `/files/${drawn?.id}` } },
    {},
    { url: `/files/${painted?.id}` },
    {},
  ])

  const seen = {
    type: 'content',
    value: [
      { type: 'text', text: JSON.stringify({ caption: 'A lake', image: url }) },
      { type: 'file', mediaType: 'image/png', filename: 'lake.png', data: { type: 'data', data: comparable(png) } },
    ],
  }
  const second = comparable(model.doStreamCalls[1]?.prompt)
  expect(second).toMatchObject([{ role: 'user' }, { role: 'assistant' }, { role: 'tool', content: [{ output: seen }] }])

  const stored: UIMessage[] = JSON.parse(JSON.stringify([...asked, saved]))
  expect(await a.externalize(stored)).toEqual(stored)
  const later = await promptOf(await a.toModelMessages(stored, { tools }), a.download)
  expect(later).toMatchObject([
    { role: 'user' },
    { role: 'assistant' },
    { role: 'tool', content: [{ output: seen }] },
    {
      role: 'assistant',
      content: [
        { type: 'file', data: { data: comparable(other) } },
        { type: 'reasoning-file', data: { data: comparable(raw) } },
      ],
    },
  ])

  await session.release()
  await expect(a.toModelMessages(stored, { tools })).rejects.toThrow(AttachmentNotFoundError)
  const without = await a.toModelMessages(stored, { tools, missing: 'text' })
  expect(without[2]?.content).toMatchObject([
    { output: { value: [{ type: 'text' }, { type: 'text', text: expect.stringContaining('missing') }] } },
  ])
})

test('a tool that returns bytes gives the model a file too, at once and in later turns', async () => {
  const a = attachmentsFor(openSession())
  const tools = { draw: tool({ inputSchema, execute: async () => ({ png }), toModelOutput: a.toModelOutput }) }
  const message: UIMessage = {
    id: 'm',
    role: 'assistant',
    parts: [{ type: 'tool-draw', toolCallId: 'c', state: 'output-available', input: {}, output: { png } }],
  }
  const direct = await promptOf(await a.toModelMessages([message], { tools }))
  expect(direct).toMatchObject([
    {},
    { content: [{ output: { type: 'content', value: [{ type: 'text' }, { mediaType: 'image/png' }] } }] },
  ])
  const stored = JSON.parse(JSON.stringify(await a.externalize([message])))
  expect(JSON.stringify(stored)).toContain('as=uint8array')
  expect(await promptOf(await a.toModelMessages(stored, { tools }))).toEqual(direct)
})

test('what generateImage gives is put, and is given back with its base64', async () => {
  const a = attachmentsFor(openSession())
  const model = new MockImageModelV4({
    doGenerate: async () => ({
      images: [base64(png)],
      warnings: [],
      response: { timestamp: new Date(0), modelId: 'mock', headers: undefined },
    }),
  })
  const { image } = await generateImage({ model: model as ImageModel, prompt: 'a lake' })
  const message: UIMessage = {
    id: 'm',
    role: 'assistant',
    parts: [{ type: 'tool-draw', toolCallId: 'c', state: 'output-available', input: {}, output: { image } }],
  }
  const [slim] = await a.externalize([message])
  const [{ id } = { id: '' }] = a.refsIn([slim as UIMessage])
  const url = `attachment:${id}?bytes=12&as=base64`
  expect(slim?.parts).toMatchObject([{ output: { image: { mediaType: 'image/png', base64: url } } }])
  expect(JSON.stringify(slim)).not.toContain(base64(png))
  const [, result] = await a.toModelMessages([slim as UIMessage])
  const value = { image: { mediaType: 'image/png', base64: base64(png) } }
  expect(result?.content).toMatchObject([{ output: { type: 'json', value } }])
})

const file = { type: 'file', data: { type: 'data', data: comparable(raw) } } as const
test.each([
  ['nothing', undefined, { type: 'json', value: null }],
  ['text', 'hello', { type: 'text', value: 'hello' }],
  ['JSON', { a: [1], at: new Date(0) }, { type: 'json', value: { a: [1], at: '1970-01-01T00:00:00.000Z' } }],
  ['a data: URL', dataUrl(raw, 'x/y'), { type: 'content', value: [{ ...file, mediaType: 'x/y' }] }],
  ['bytes', raw, { type: 'content', value: [{ ...file, mediaType: 'application/octet-stream' }] }],
  [
    'what MCP returns',
    { content: [{ type: 'image', data: base64(raw), mimeType: 'x/y', filename: 'a.x' }] },
    {
      type: 'content',
      value: [
        {
          type: 'text',
          text: '{"content":[{"type":"image","data":"[x/y, 7 bytes]","mimeType":"x/y","filename":"a.x"}]}',
        },
        { ...file, mediaType: 'x/y', filename: 'a.x' },
      ],
    },
  ],
  [
    'the same twice',
    [{ a: raw }, { a: raw }],
    {
      type: 'content',
      value: [
        {
          type: 'text',
          text: '[{"a":"[application/octet-stream, 7 bytes]"},{"a":"[application/octet-stream, 7 bytes]"}]',
        },
        { ...file, mediaType: 'application/octet-stream' },
      ],
    },
  ],
])('of %s, a model is given what it can use', async (_, output, expected) => {
  const { toModelOutput } = attachmentsFor(openSession())
  expect(comparable(await toModelOutput({ output }))).toEqual(expected)
})

test('without the helper, a model is given the URL as text and no bytes', async () => {
  const session = openSession()
  const a = attachmentsFor(session)
  const url = attachmentUrl(await session.put(png, { mediaType: 'image/png' }))
  const message: UIMessage = {
    id: 'm',
    role: 'assistant',
    parts: [{ type: 'tool-draw', toolCallId: 'c', state: 'output-available', input: {}, output: url }],
  }
  expect(await promptOf(await a.toModelMessages([message]))).toMatchObject([
    {},
    { content: [{ output: { type: 'text', value: url } }] },
  ])
})
