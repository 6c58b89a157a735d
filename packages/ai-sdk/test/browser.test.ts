import { attachmentsFor, attachmentUrl } from '@lash/attachments-ai-sdk'
import { AttachmentInvalidArgumentError, AttachmentNotFoundError, contentId } from '@lash/attachments-core'
import type { ModelMessage, UIMessage } from 'ai'
import { expect, test } from 'vitest'
import { base64, dataUrl, png, raw } from './bytes.ts'
import { openSession } from './session.ts'

const none = '0'.repeat(64)
const urlOf = (id: string) => `/attachments/${id}`
const idIn = (url: string) => /^(?:https:\/\/chat\.example)?\/attachments\/([^/?]+)$/.exec(url)?.[1]

/** An answer with attachments in every place that a browser shows. */
const answer: UIMessage = {
  id: 'm',
  role: 'assistant',
  metadata: { at: 1 },
  parts: [
    { type: 'text', text: `/attachments/${none} in a text` },
    { type: 'file', mediaType: 'x/y', filename: 'a.x', url: dataUrl(raw, 'x/y'), providerMetadata: { a: { b: 1 } } },
    { type: 'reasoning-file', mediaType: 'image/png', url: dataUrl(png, 'image/png') },
    { type: 'source-url', sourceId: 's', url: dataUrl(png, 'image/png'), title: 't' },
    { type: 'file', mediaType: 'text/html', url: 'https://example.com/a' },
    {
      type: 'tool-draw',
      toolCallId: 'c',
      state: 'output-available',
      input: { prompt: 'see /attachments/nothing' },
      output: {
        content: [{ type: 'image', data: base64(png), mimeType: 'image/png' }],
        shot: dataUrl(raw, 'x/y;charset=utf-8'),
        bytes: raw,
        text: 'hello',
      },
    },
    { type: 'data-picture', data: { url: dataUrl(png, 'image/png') } },
  ],
}

test('what a browser is given comes back as it was', async () => {
  const a = attachmentsFor(openSession())
  const slim = await a.externalize([answer])
  const shown = a.forBrowser(slim, urlOf)
  expect(JSON.stringify(shown)).not.toContain('attachment:')
  expect(shown[0]?.parts[1]).toEqual({ ...answer.parts[1], url: urlOf(await contentId(raw)) })
  const [tool] = shown[0]?.parts.filter(({ type }) => type === 'tool-draw') ?? []
  expect(tool).toMatchObject({
    output: { text: 'hello', content: [{ data: `${urlOf(await contentId(png))}#as=base64` }] },
  })
  const sent: UIMessage[] = JSON.parse(JSON.stringify(shown))
  expect(await a.fromBrowser(sent, idIn)).toEqual(slim)
  expect(a.forBrowser(await a.fromBrowser(sent, idIn), urlOf)).toEqual(shown)
  expect(await a.fromBrowser(slim, idIn)).toEqual(slim)
})

test('a message without attachments stays the same object', async () => {
  const a = attachmentsFor(openSession())
  const messages: UIMessage[] = [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'hi' }] }]
  expect(a.forBrowser(messages, urlOf)[0]).toBe(messages[0])
  expect((await a.fromBrowser(messages, idIn))[0]).toBe(messages[0])
})

const message = (...parts: UIMessage['parts']): UIMessage[] => [{ id: 'm', role: 'user', parts }]

test('what a browser claims of a file counts for nothing: the session says what it is', async () => {
  const session = openSession()
  const ref = await session.put(raw, { mediaType: 'text/csv', label: 'table.csv' })
  const bare = await session.put(png, { mediaType: 'image/png' })
  const a = attachmentsFor(session)
  const claimed = message(
    { type: 'file', mediaType: 'text/html', filename: 'evil.html', url: `https://chat.example/attachments/${ref.id}` },
    { type: 'file', mediaType: 'text/html', filename: 'evil.html', url: `attachment:${bare.id}?bytes=99&generation=7` },
    { type: 'file', mediaType: 'text/plain', url: 'data:text/plain,new' },
  )
  expect(await a.fromBrowser(claimed, idIn)).toEqual(
    message(
      { type: 'file', mediaType: 'text/csv', filename: 'table.csv', url: attachmentUrl(ref) },
      { type: 'file', mediaType: 'image/png', url: attachmentUrl(bare) },
      { type: 'file', mediaType: 'text/plain', url: 'data:text/plain,new' },
    ),
  )
})

test.each([
  ['an id that nobody holds', { type: 'file', mediaType: 'x/y', url: urlOf(none) }],
  ['what is no id', { type: 'file', mediaType: 'x/y', url: urlOf('..') }],
  ['a URL of ours', { type: 'file', mediaType: 'x/y', url: `attachment:${none}` }],
  ['an output', { type: 'tool-t', toolCallId: 'c', state: 'output-available', input: {}, output: [urlOf(none)] }],
] as [string, UIMessage['parts'][number]][])('%s is refused', async (_, part) => {
  const a = attachmentsFor(openSession())
  await expect(a.fromBrowser(message(part), idIn)).rejects.toThrow(AttachmentNotFoundError)
})

test('so is what another session holds, and a malformed URL of ours', async () => {
  const ref = await openSession().put(raw, { mediaType: 'x/y' })
  const a = attachmentsFor(openSession())
  const sent = message({ type: 'file', mediaType: 'x/y', url: urlOf(ref.id) })
  await expect(a.fromBrowser(sent, idIn)).rejects.toThrow(AttachmentNotFoundError)
  const malformed = message({ type: 'file', mediaType: 'x/y', url: 'attachment:a' })
  await expect(a.fromBrowser(malformed, idIn)).rejects.toThrow(AttachmentInvalidArgumentError)
  expect(() => a.forBrowser(malformed, urlOf)).toThrow(AttachmentInvalidArgumentError)
})

test('what a model wrote for a tool may name anything', async () => {
  const session = openSession()
  const ref = await session.put(raw, { mediaType: 'x/y' })
  const a = attachmentsFor(session)
  const part = (input: unknown): UIMessage[] =>
    message({ type: 'dynamic-tool', toolName: 't', toolCallId: 'c', state: 'input-available', input })
  expect(await a.fromBrowser(part([urlOf(none), urlOf(ref.id)]), idIn)).toEqual(part([urlOf(none), attachmentUrl(ref)]))
  const shown = message({ type: 'file', mediaType: 'x/y', url: urlOf(none) })
  await expect(a.fromBrowser([...shown, ...part(urlOf(none))], idIn)).rejects.toThrow(AttachmentNotFoundError)
})

test('of the texts in an output, only what can be a URL is asked about', async () => {
  const asked: string[] = []
  const output = ['hello', 'a/b', 'two /words', `/${'x'.repeat(5000)}`, '/a', './b', 'https://c', 'data:text/plain,d']
  const part = { type: 'tool-t', toolCallId: 'c', state: 'output-available', input: {}, output } as const
  await attachmentsFor(openSession()).fromBrowser(message(part), url => {
    asked.push(url)
    return undefined
  })
  expect(new Set(asked)).toEqual(new Set(['/a', './b', 'https://c']))
})

test('refsIn gives every ref once, of UI and model messages', async () => {
  const session = openSession()
  const a = attachmentsFor(session)
  const [one, two, three] = await Promise.all(
    [1, 2, 3].map(byte => session.put(new Uint8Array([byte]), { mediaType: 'x/y', label: 'n' })),
  )
  if (!one || !two || !three) throw new Error('three refs')
  const later = { ...two, generation: 4 }
  const file = (url: string) => ({ type: 'file', mediaType: 'x/y', filename: 'n', url }) as const
  const { label: _, mediaType: __, ...untold } = three
  const messages: (UIMessage | ModelMessage)[] = [
    ...message(file(attachmentUrl(one)), file(attachmentUrl(two)), file(attachmentUrl(one))),
    ...message({ type: 'tool-t', toolCallId: 'c', state: 'input-available', input: { a: attachmentUrl(three) } }),
    { role: 'user', content: [{ type: 'file', mediaType: 'x/y', filename: 'n', data: new URL(attachmentUrl(later)) }] },
    { role: 'user', content: `attachment:${none} in a text` },
    { role: 'assistant', content: [{ type: 'reasoning', text: attachmentUrl(one) }] },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: 'c',
          toolName: 't',
          output: { type: 'json', value: [`attachment:${none}`, 'attachment:a'] },
        },
      ],
    },
  ]
  expect(a.refsIn(messages)).toEqual([
    one,
    two,
    { ...untold, mediaType: 'application/octet-stream' },
    later,
    { id: none, byteLength: 0, mediaType: 'application/octet-stream' },
  ])
})

test('refsIn takes no malformed URL of an attachment where a URL stands', () => {
  const a = attachmentsFor(openSession())
  expect(() => a.refsIn(message({ type: 'file', mediaType: 'x/y', url: 'attachment:a' }))).toThrow(
    'messages[0].parts[0]',
  )
  const data = new URL('attachment:a')
  const messages: ModelMessage[] = [{ role: 'user', content: [{ type: 'file', mediaType: 'x/y', data }] }]
  expect(() => a.refsIn(messages)).toThrow(AttachmentInvalidArgumentError)
})
