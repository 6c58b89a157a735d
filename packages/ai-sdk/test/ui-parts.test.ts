import { attachmentsFor } from '@lash/attachments-ai-sdk'
import { contentId } from '@lash/attachments-core'
import { convertToModelMessages, type UIMessage } from 'ai'
import { expect, test } from 'vitest'
import { base64, dataUrl, png, raw } from './bytes.ts'
import type { Table, UIPartKind } from './kinds.ts'
import { comparable, promptOf } from './model.ts'
import { openSession } from './session.ts'

type Part = UIMessage['parts'][number]

interface Row {
  /** What is special, where a kind has several rows. */
  title?: string
  role?: 'user'
  part: Part
  /** The fields that `externalize` changes. Without it, the part stays the same object. */
  slim?: Record<string, unknown>
  /** Where the SDK reads something else than what stands there: a part that it reads rightly. */
  sameAs?: Part
  /** The SDK gives such a conversation to no model: a result is missing. */
  isIncomplete?: true
}

const pngUrl = dataUrl(png, 'image/png')
const slimPng = `attachment:${await contentId(png)}?bytes=12`
const slimRaw = `attachment:${await contentId(raw)}?bytes=7`
const providerMetadata = { mock: { signature: 'abc' } }
const call = { toolCallId: 'call-1', input: { prompt: 'a lake' }, callProviderMetadata: providerMetadata }
const done = { ...call, state: 'output-available' } as const
const file = { type: 'file', filename: 'ä lake.png', providerMetadata } as const

class Shot {
  url: string
  constructor(url: string) {
    this.url = url
  }
}

class Named extends Shot {
  toJSON(): string {
    return 'a shot'
  }
}

const outputs: [title: string, output: unknown, slim?: unknown][] = [
  ['a text', 'hello'],
  ['a text that begins like a URL', 'data: {"a": 1}, and more'],
  ['a text about a URL', `see ${pngUrl}`],
  ['a data: URL that could be any text', 'data:,hello'],
  ['a data: URL with malformed base64', 'data:image/png;base64,a'],
  ['base64 of which nothing is said', { image: base64(png) }],
  ['an array that went through JSON', { image: { 0: 1, 1: 2 } }],
  ['a Buffer that went through JSON', { image: { type: 'Buffer', data: [1, 2] } }],
  ['nothing', null],
  ['a date, as the SDK makes JSON of it', { at: new Date(0) }],
  ['a data: URL', pngUrl, `${slimPng}&as=data-url&type=image%2Fpng`],
  ['a data: URL without a type', `data:;base64,${base64(raw)}`, `${slimRaw}&as=data-url`],
  ['deep', { a: [{ b: pngUrl, c: 1 }] }, { a: [{ b: `${slimPng}&as=data-url&type=image%2Fpng`, c: 1 }] }],
  ['an object that says itself what it is in JSON', { at: new Named(pngUrl) }],
  ['an object with a class', new Shot(pngUrl), { url: `${slimPng}&as=data-url&type=image%2Fpng` }],
  ['a Uint8Array', { image: raw }, { image: `${slimRaw}&as=uint8array` }],
  ['an ArrayBuffer', { image: raw.slice().buffer }, { image: `${slimRaw}&as=arraybuffer` }],
  [
    'content of the SDK',
    { type: 'content', value: [{ type: 'file', mediaType: 'image/png', data: { type: 'data', data: base64(png) } }] },
    {
      type: 'content',
      value: [{ type: 'file', mediaType: 'image/png', data: { type: 'data', data: `${slimPng}&as=base64` } }],
    },
  ],
  ...['file-data', 'image-data', 'media', 'file'].map((type): [string, unknown, unknown] => [
    type,
    { type, mediaType: 'x/y', filename: 'x.y', data: base64(raw) },
    { type, mediaType: 'x/y', filename: 'x.y', data: `${slimRaw}&as=base64` },
  ]),
  [
    'content of MCP',
    { content: [{ type: 'image', data: base64(png), mimeType: 'image/png' }], isError: false },
    { content: [{ type: 'image', data: `${slimPng}&as=base64`, mimeType: 'image/png' }], isError: false },
  ],
  [
    'a resource of MCP',
    { type: 'resource', resource: { uri: 'file:///a', blob: base64(raw), mimeType: 'x/y' } },
    { type: 'resource', resource: { uri: 'file:///a', blob: `${slimRaw}&as=base64`, mimeType: 'x/y' } },
  ],
  [
    'a generated file',
    { mediaType: 'image/png', base64: base64(png) },
    { mediaType: 'image/png', base64: `${slimPng}&as=base64` },
  ],
]

const asTool = (type: 'tool-draw' | 'dynamic-tool'): Row[] =>
  outputs.map(([title, output, slim]) => ({
    title,
    part: { ...done, ...(type === 'dynamic-tool' ? { type, toolName: 'draw' } : { type }), output },
    ...(slim !== undefined && { slim: { output: slim } }),
  }))

const approval = { id: 'approval-1' }
const states = (type: 'tool-draw' | 'dynamic-tool'): Row[] => {
  const part = { ...call, ...(type === 'dynamic-tool' ? { type, toolName: 'draw' } : { type }) }
  return [
    { title: 'input-streaming', part: { ...part, state: 'input-streaming' } },
    { title: 'input-available', part: { ...part, state: 'input-available' }, isIncomplete: true },
    { title: 'approval-requested', part: { ...part, state: 'approval-requested', approval }, isIncomplete: true },
    {
      title: 'approval-responded',
      part: { ...part, state: 'approval-responded', approval: { ...approval, approved: true } },
      isIncomplete: true,
    },
    { title: 'output-error', part: { ...part, state: 'output-error', errorText: 'no' } },
    { title: 'output-denied', part: { ...part, state: 'output-denied', approval: { ...approval, approved: false } } },
    { title: 'by the provider', part: { ...part, state: 'output-available', providerExecuted: true, output: 'ok' } },
    {
      title: 'a data: URL in the input',
      part: { ...part, state: 'output-available', input: { a: pngUrl }, output: 1 },
    },
  ]
}

const table: Table<UIPartKind, Row> = {
  text: [{ part: { type: 'text', text: `text with ${pngUrl} in it`, providerMetadata } }],
  custom: [{ part: { type: 'custom', kind: 'mock.thing', providerMetadata } }],
  reasoning: [{ part: { type: 'reasoning', text: pngUrl, providerMetadata } }],
  'source-document': [{ part: { type: 'source-document', sourceId: 's', mediaType: 'x/y', title: 't' } }],
  'step-start': [{ part: { type: 'step-start' } }],
  'source-url': [
    { part: { type: 'source-url', sourceId: 's', url: 'https://example.com/a', title: 't' } },
    { title: 'of bytes', part: { type: 'source-url', sourceId: 's', url: pngUrl }, slim: { url: slimPng } },
  ],
  file: [
    { title: 'base64', part: { ...file, mediaType: 'image/png', url: pngUrl }, slim: { url: slimPng } },
    {
      title: 'of a user',
      role: 'user',
      part: { ...file, mediaType: 'image/png', url: pngUrl },
      slim: { url: slimPng },
    },
    ...[
      ['parameters', `data:x/y;charset=utf-8;name="a b";base64,${base64(raw)}`],
      ['other letters of the scheme', `DATA:x/y;base64,${base64(raw)}`],
    ].map(
      ([title = '', url = '']): Row => ({
        title,
        role: 'user',
        part: { ...file, mediaType: 'x/y', url },
        slim: { url: slimRaw },
      }),
    ),
    ...[
      ['no base64', `data:x/y,%FB%ff%fe%bf%00%0A%C3`],
      ['no type', `data:;base64,${base64(raw)}`],
      [
        'white space and no padding',
        `data:x/y;base64,${base64(raw).replace('=', '').replace('=', '').slice(0, 4)} ${base64(raw).replace(/=/g, '').slice(4)}`,
      ],
      ['the alphabet of URLs', `data:x/y;base64,${Buffer.from(raw).toString('base64url')}`],
      ['escaped base64', `data:x/y;base64,${encodeURIComponent(base64(raw))}`],
    ].map(
      ([title = '', url = '']): Row => ({
        title,
        role: 'user',
        part: { ...file, mediaType: 'x/y', url },
        slim: { url: slimRaw },
        sameAs: { ...file, mediaType: 'x/y', url: dataUrl(raw, 'x/y') },
      }),
    ),
    {
      title: 'no type but that of the URL',
      role: 'user',
      part: { ...file, mediaType: '', url: dataUrl(raw, 'x/y') },
      slim: { url: slimRaw },
    },
    {
      title: 'no type but octets',
      role: 'user',
      part: { ...file, mediaType: '', url: dataUrl(raw, 'application/octet-stream') },
      slim: { url: slimRaw },
    },
    {
      title: 'half of a type',
      role: 'user',
      part: { ...file, mediaType: 'image', url: dataUrl(raw, 'image/x-raw') },
      slim: { url: slimRaw },
    },
    {
      title: 'another type than the URL',
      role: 'user',
      part: { ...file, mediaType: 'text/csv', url: dataUrl(raw, 'text/plain') },
      slim: { url: slimRaw },
      sameAs: { ...file, mediaType: 'text/csv', url: dataUrl(raw, 'text/csv') },
    },
    {
      title: 'empty',
      role: 'user',
      part: { ...file, mediaType: 'x/y', url: 'data:x/y;base64,' },
      slim: { url: `attachment:${await contentId(new Uint8Array())}?bytes=0` },
    },
    { title: 'http', part: { ...file, mediaType: 'image/png', url: 'https://example.com/a.png' } },
    {
      title: 'a reference',
      role: 'user',
      part: { ...file, mediaType: 'x/y', url: '', providerReference: { mock: 'file-1' } },
    },
    {
      title: 'a reference beside bytes',
      role: 'user',
      part: { ...file, mediaType: 'x/y', url: dataUrl(raw, 'x/y'), providerReference: { mock: 'file-1' } },
      slim: { url: slimRaw },
    },
    { title: 'blob', part: { ...file, mediaType: 'x/y', url: 'blob:https://example.com/1' } },
  ],
  'reasoning-file': [
    {
      part: { type: 'reasoning-file', mediaType: 'image/png', url: pngUrl, providerMetadata },
      slim: { url: slimPng },
    },
    { title: 'http', part: { type: 'reasoning-file', mediaType: 'image/png', url: 'https://example.com/a' } },
  ],
  'steering-message': [
    {
      part: {
        type: 'steering-message',
        id: 's',
        parts: [
          { type: 'text', text: 'and this' },
          { ...file, mediaType: 'x/y', url: dataUrl(raw, 'x/y') },
        ],
      },
      slim: {
        parts: [
          { type: 'text', text: 'and this' },
          { ...file, mediaType: 'x/y', url: slimRaw },
        ],
      },
    },
    { title: 'slim', part: { type: 'steering-message', id: 's', parts: [{ type: 'text', text: 'and this' }] } },
  ],
  'data-*': [
    { part: { type: 'data-weather', id: 'd', data: { degrees: 21 } } },
    {
      title: 'bytes',
      part: { type: 'data-picture', id: 'd', data: { url: pngUrl } },
      slim: { data: { url: `${slimPng}&as=data-url&type=image%2Fpng` } },
    },
  ],
  'tool-*': [...asTool('tool-draw'), ...states('tool-draw')],
  'dynamic-tool': [...asTool('dynamic-tool'), ...states('dynamic-tool')],
}

const rows = Object.entries(table).flatMap(([kind, rows]) => rows.map(row => ({ ...row, kind })))

/** Between other messages, so that order shows. */
function conversation(part: Part, role: 'user' | 'assistant' = 'assistant'): UIMessage[] {
  return [
    { id: 'm-1', role: 'user', parts: [{ type: 'text', text: 'before' }], metadata: { by: 'a' } },
    { id: 'm-2', role, parts: [{ type: 'text', text: 'first' }, part, { type: 'text', text: 'last' }], metadata: 1 },
  ]
}

const convertDataPart = ({ data }: { data: unknown }) => ({ type: 'text', text: JSON.stringify(data) }) as const

test.each(rows)('$kind $title', async ({ part, role, slim, sameAs = part, isIncomplete }) => {
  const session = openSession()
  const a = attachmentsFor(session)
  const messages = conversation(part, role)
  const given = structuredClone(messages)

  const stored = await a.externalize(messages)
  expect(messages).toEqual(given)
  expect(stored[0]).toBe(messages[0])
  if (slim === undefined) expect(stored[1]).toBe(messages[1])
  else expect(stored).toEqual(conversation({ ...part, ...slim } as Part, role))
  const again = await a.externalize(stored)
  expect(again.every((message, index) => message === stored[index])).toBe(true)

  const read: UIMessage[] = slim === undefined ? stored : JSON.parse(JSON.stringify(stored))
  const forModel = await a.toModelMessages(read, { convertDataPart })
  const direct = await convertToModelMessages(conversation(sameAs, role), { convertDataPart })
  if (isIncomplete) return expect(forModel).toEqual(direct)
  const pass = async (requests: unknown[]) => requests.map(() => null)
  const other = attachmentsFor(session, { fallback: pass })
  expect(await promptOf(forModel, other.download)).toEqual(await promptOf(direct, pass))
})

test('what is not known passes as it is', async () => {
  const a = attachmentsFor(openSession())
  const unknown = [{ type: 'hologram', url: pngUrl }, { url: pngUrl }, null, 'text']
  const messages = [{ id: '1', role: 'user', parts: unknown }] as unknown as UIMessage[]
  expect((await a.externalize(messages))[0]).toBe(messages[0])
  expect(comparable(a.refsIn(messages))).toEqual([])
})
