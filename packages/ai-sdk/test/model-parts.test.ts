import { attachmentsFor } from '@lash/attachments-ai-sdk'
import { contentId } from '@lash/attachments-core'
import type { FilePart, ModelMessage, ToolResultPart } from 'ai'
import { expect, test } from 'vitest'
import { base64, dataUrl, png, raw } from './bytes.ts'
import type { AssistantKind, ContentKind, OutputKind, Table, TagKind, ToolKind, UserKind } from './kinds.ts'
import { promptOf } from './model.ts'
import { openSession } from './session.ts'

type Output = ToolResultPart['output']
type Item = Extract<Output, { type: 'content' }>['value'][number]

interface Row<Part> {
  title?: string
  part: Part
  /** The fields that `externalize` changes. Without it, the part stays the same object. */
  slim?: Record<string, unknown>
}

const slimPng = `attachment:${await contentId(png)}?bytes=12`
const slimRaw = `attachment:${await contentId(raw)}?bytes=7`
const http = 'https://example.com/a'
const providerOptions = { mock: { cache: true } }
const reference = { mock: 'file-1' }
const file = { type: 'file', filename: 'a.x', mediaType: 'x/y', providerOptions } as const

/** Every way in which the SDK takes bytes. */
const inline: [title: string, data: string | Uint8Array | ArrayBuffer][] = [
  ['base64', base64(raw)],
  ['base64 for URLs', Buffer.from(raw).toString('base64url')],
  ['Uint8Array', raw],
  ['a window of a Uint8Array', new Uint8Array([9, 9, ...raw, 9]).subarray(2, 9)],
  ['ArrayBuffer', raw.slice().buffer],
  ['Buffer', Buffer.from(raw)],
]
const urls: [title: string, data: string | URL][] = [
  ['data: URL', dataUrl(raw, 'x/y')],
  ['data: URL object', new URL(dataUrl(raw, 'x/y'))],
]

const tagged: Table<TagKind, [title: string, data: FilePart['data'], isBytes?: true]> = {
  data: inline.map(([title, data]) => [`tagged ${title}`, { type: 'data', data }, true]),
  url: [
    ['tagged data: URL', { type: 'url', url: new URL(dataUrl(raw, 'x/y')) }, true],
    ['tagged http', { type: 'url', url: new URL(http) }],
  ],
  reference: [['tagged reference', { type: 'reference', reference }]],
  text: [['tagged text', { type: 'text', text: 'hello' }]],
}

const ofFile: Row<FilePart>[] = [
  ...[...inline, ...urls].map(([title, data]) => ({ title, part: { ...file, data }, slim: { data: slimRaw } })),
  ...Object.values(tagged)
    .flat()
    .map(([title, data, isBytes]) => ({ title, part: { ...file, data }, ...(isBytes && { slim: { data: slimRaw } }) })),
  { title: 'http', part: { ...file, data: http } },
  { title: 'http object', part: { ...file, data: new URL(http) } },
  { title: 'reference', part: { ...file, data: reference } },
  { title: 'an image by its bytes', part: { ...file, mediaType: 'image', data: png }, slim: { data: slimPng } },
  { title: 'half of a type', part: { ...file, mediaType: 'video/*', data: raw }, slim: { data: slimRaw } },
]

const items: Table<ContentKind, Row<Item>> = {
  text: [{ part: { type: 'text', text: dataUrl(raw, 'x/y'), providerOptions } }],
  file: [
    ...inline.map(
      ([title, data]): Row<Item> => ({
        title,
        part: { ...file, data: { type: 'data', data } },
        slim: { data: { type: 'url', url: new URL(slimRaw) } },
      }),
    ),
    {
      title: 'data: URL',
      part: { ...file, data: { type: 'url', url: new URL(dataUrl(raw, 'x/y')) } },
      slim: { data: { type: 'url', url: new URL(slimRaw) } },
    },
    { title: 'http', part: { ...file, data: { type: 'url', url: new URL(http) } } },
    { title: 'reference', part: { ...file, data: { type: 'reference', reference } } },
    { title: 'text', part: { ...file, data: { type: 'text', text: 'hello' } } },
  ],
  'file-data': [
    {
      part: { type: 'file-data', data: base64(raw), mediaType: 'x/y', filename: 'a.x', providerOptions },
      slim: { data: `${slimRaw}&as=base64` },
    },
  ],
  'image-data': [
    {
      part: { type: 'image-data', data: base64(png), mediaType: 'image/png', providerOptions },
      slim: { data: `${slimPng}&as=base64` },
    },
  ],
  'file-url': [
    {
      part: { type: 'file-url', url: dataUrl(raw, 'x/y'), mediaType: 'x/y', providerOptions },
      slim: { url: slimRaw },
    },
    { title: 'no type', part: { type: 'file-url', url: dataUrl(raw, 'x/y') }, slim: { url: slimRaw } },
    { title: 'http', part: { type: 'file-url', url: `${http}.pdf`, mediaType: 'application/pdf' } },
  ],
  'image-url': [
    { part: { type: 'image-url', url: dataUrl(png, 'image/png'), providerOptions }, slim: { url: slimPng } },
    { title: 'http', part: { type: 'image-url', url: http } },
  ],
  'file-id': [{ part: { type: 'file-id', fileId: 'file-1', providerOptions } }],
  'file-reference': [{ part: { type: 'file-reference', providerReference: reference, providerOptions } }],
  'image-file-id': [{ part: { type: 'image-file-id', fileId: { 'mock-provider': 'file-1' } } }],
  'image-file-reference': [{ part: { type: 'image-file-reference', providerReference: reference } }],
  custom: [{ part: { type: 'custom', providerOptions } }],
}

const outputs: Table<OutputKind, Row<Output>> = {
  text: [
    { part: { type: 'text', value: 'hello', providerOptions } },
    {
      title: 'data: URL',
      part: { type: 'text', value: dataUrl(raw, 'x/y') },
      slim: { value: `${slimRaw}&as=data-url&type=x%2Fy` },
    },
  ],
  json: [
    { part: { type: 'json', value: { a: [1, null] }, providerOptions } },
    {
      title: 'bytes',
      part: { type: 'json', value: { a: { type: 'media', data: base64(raw), mediaType: 'x/y' } } },
      slim: { value: { a: { type: 'media', data: `${slimRaw}&as=base64`, mediaType: 'x/y' } } },
    },
  ],
  'error-text': [{ part: { type: 'error-text', value: 'no' } }],
  'error-json': [
    {
      part: { type: 'error-json', value: { shot: dataUrl(raw, 'x/y') } },
      slim: { value: { shot: `${slimRaw}&as=data-url&type=x%2Fy` } },
    },
  ],
  'execution-denied': [{ part: { type: 'execution-denied', reason: 'no' } }],
  content: Object.entries(items).flatMap(([kind, rows]) =>
    rows.map(({ title = '', part, slim }) => ({
      title: `${kind} ${title}`,
      part: { type: 'content', value: [part, { type: 'text', text: 'and' }] },
      ...(slim && {
        slim: {
          value: [
            { ...part, ...slim },
            { type: 'text', text: 'and' },
          ],
        },
      }),
    })),
  ),
}

type Part = Exclude<ModelMessage['content'], string>[number]
const call = { toolCallId: 'call-1', toolName: 'draw' } as const
const results = Object.entries(outputs).flatMap(([kind, rows]) =>
  rows.map(
    ({ title = '', part: output, slim }): Row<Part> => ({
      title: `${kind} ${title}`,
      part: { type: 'tool-result', ...call, output, providerOptions },
      ...(slim && { slim: { output: { ...output, ...slim } } }),
    }),
  ),
)

const users: Table<UserKind, Row<Part>> = {
  text: [{ part: { type: 'text', text: 'hi', providerOptions } }],
  file: ofFile,
  image: [
    ...[...inline, ...urls].map(
      ([title, image]): Row<Part> => ({
        title,
        part: { type: 'image', image, mediaType: 'x/y', providerOptions },
        slim: { image: slimRaw },
      }),
    ),
    { title: 'no type', part: { type: 'image', image: raw, providerOptions }, slim: { image: slimRaw } },
    {
      title: 'no type but that of the URL',
      part: { type: 'image', image: dataUrl(raw, 'image/x') },
      slim: { image: slimRaw },
    },
    { title: 'http', part: { type: 'image', image: new URL(http) } },
    { title: 'reference', part: { type: 'image', image: reference } },
  ],
}

const assistants: Table<AssistantKind, Row<Part>> = {
  text: [{ part: { type: 'text', text: 'hi' } }],
  custom: [{ part: { type: 'custom', kind: 'mock.thing', providerOptions } }],
  reasoning: [{ part: { type: 'reasoning', text: 'hm', providerOptions } }],
  file: ofFile,
  'reasoning-file': [
    ...[...inline, ...urls].map(
      ([title, data]): Row<Part> => ({
        title,
        part: { type: 'reasoning-file', data, mediaType: 'x/y', providerOptions },
        slim: { data: slimRaw },
      }),
    ),
    {
      title: 'tagged',
      part: { type: 'reasoning-file', data: { type: 'data', data: raw }, mediaType: 'x/y' },
      slim: { data: slimRaw },
    },
    { title: 'http', part: { type: 'reasoning-file', data: { type: 'url', url: new URL(http) }, mediaType: 'x/y' } },
  ],
  'tool-call': [
    {
      part: {
        type: 'tool-call',
        ...call,
        toolCallId: 'call-2',
        input: { a: dataUrl(raw, 'x/y') },
        providerExecuted: true,
      },
    },
  ],
  'tool-result': results,
  'tool-approval-request': [
    {
      part: {
        type: 'tool-approval-request',
        approvalId: 'a',
        toolCallId: 'call-1',
        inputSchemaInput: dataUrl(raw, 'x/y'),
      },
    },
  ],
}

const tools: Table<ToolKind, Row<Part>> = {
  'tool-result': results,
  'tool-approval-response': [
    { part: { type: 'tool-approval-response', approvalId: 'a', approved: true, providerExecuted: true } },
  ],
}

const asRows = (role: string, table: Record<string, readonly Row<Part>[]>) =>
  Object.entries(table).flatMap(([kind, rows]) => rows.map(row => ({ title: '', ...row, role, kind })))
const rows = [...asRows('user', users), ...asRows('assistant', assistants), ...asRows('tool', tools)]

/** With a call for each result, and with options of the message. */
function conversation(role: string, part: Part): ModelMessage[] {
  const calls = [{ type: 'tool-call', ...call, input: {} }]
  const result = { type: 'tool-result', ...call, output: { type: 'text', value: 'done' } }
  const isResult = part.type === 'tool-result'
  const text = { type: 'text', text: 'first' }
  const messages =
    role === 'tool'
      ? [
          { role: 'assistant', content: calls },
          { role, content: isResult ? [part] : [part, result], providerOptions },
        ]
      : role === 'assistant'
        ? [
            { role, content: [text, ...calls, part], providerOptions },
            { role: 'tool', content: [result] },
          ]
        : [{ role, content: [text, part], providerOptions }]
  return [{ role: 'system', content: 'be brief' }, ...messages, { role: 'user', content: 'go on' }] as ModelMessage[]
}

const pass = async (requests: unknown[]) => requests.map(() => null)

test.each(rows)('$role $kind $title', async ({ role, part, slim }) => {
  const session = openSession()
  const a = attachmentsFor(session, { fallback: pass })
  const messages = conversation(role, part)

  const stored = await a.externalize(messages)
  expect(messages).toEqual(conversation(role, part))
  expect(stored).toEqual(slim === undefined ? messages : conversation(role, { ...part, ...slim } as Part))
  for (const [index, message] of messages.entries()) {
    if (slim === undefined || !(message.content as unknown[]).includes(part)) expect(stored[index]).toBe(message)
  }
  const again = await a.externalize(stored)
  expect(again.every((message, index) => message === stored[index])).toBe(true)

  const direct = await promptOf(instructed(conversation(role, part)), pass)
  expect(await promptOf(instructed(await a.toModelMessages(stored)), a.download)).toEqual(direct)
  // JSON makes a text of a URL, which the SDK alone would refuse.
  const read: ModelMessage[] = JSON.parse(JSON.stringify(stored))
  expect(await promptOf(instructed(await a.toModelMessages(read)), a.download)).toEqual(direct)
})

/** The SDK takes instructions apart from messages. */
function instructed(messages: ModelMessage[]): ModelMessage[] {
  return messages.filter(({ role }) => role !== 'system')
}
