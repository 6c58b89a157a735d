import { attachmentsFor } from '@lash/attachments-ai-sdk'
import { AttachmentNotFoundError, contentId, type SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { UIMessageChunk } from 'ai'
import { convertArrayToReadableStream, convertReadableStreamToArray } from 'ai/test'
import { expect, test } from 'vitest'
import { base64, dataUrl, png, raw } from './bytes.ts'
import type { ChunkKind, Table } from './kinds.ts'
import { openSession } from './session.ts'

interface Row {
  chunk: UIMessageChunk
  /** The fields that change. Without it, the chunk stays the same object. */
  slim?: Record<string, unknown>
}

const url = dataUrl(raw, 'x/y')
const slim = `attachment:${await contentId(raw)}?bytes=7`
const marked = `${slim}&as=data-url&type=x%2Fy`
const providerMetadata = { mock: { signature: 'abc' } }
const call = { toolCallId: 'c', toolName: 't' }

const table: Table<ChunkKind, Row> = {
  'text-start': [{ chunk: { type: 'text-start', id: '1' } }],
  'text-delta': [{ chunk: { type: 'text-delta', id: '1', delta: url } }],
  'text-end': [{ chunk: { type: 'text-end', id: '1' } }],
  'reasoning-start': [{ chunk: { type: 'reasoning-start', id: '1' } }],
  'reasoning-delta': [{ chunk: { type: 'reasoning-delta', id: '1', delta: url } }],
  'reasoning-end': [{ chunk: { type: 'reasoning-end', id: '1' } }],
  custom: [{ chunk: { type: 'custom', kind: 'mock.thing', providerMetadata } }],
  error: [{ chunk: { type: 'error', errorText: 'no' } }],
  'tool-input-start': [{ chunk: { type: 'tool-input-start', ...call } }],
  'tool-input-delta': [{ chunk: { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: url } }],
  'tool-input-available': [{ chunk: { type: 'tool-input-available', ...call, input: { url } } }],
  'tool-input-error': [{ chunk: { type: 'tool-input-error', ...call, input: url, errorText: 'no' } }],
  'tool-approval-request': [{ chunk: { type: 'tool-approval-request', toolCallId: 'c', approvalId: 'a' } }],
  'tool-approval-response': [{ chunk: { type: 'tool-approval-response', approvalId: 'a', approved: true } }],
  'tool-output-available': [
    { chunk: { type: 'tool-output-available', toolCallId: 'c', output: { a: 1 } } },
    {
      chunk: { type: 'tool-output-available', toolCallId: 'c', output: { a: url }, preliminary: true, dynamic: true },
      slim: { output: { a: marked } },
    },
    {
      chunk: { type: 'tool-output-available', toolCallId: 'c', output: raw, providerMetadata },
      slim: { output: `${slim}&as=uint8array` },
    },
  ],
  'tool-output-error': [{ chunk: { type: 'tool-output-error', toolCallId: 'c', errorText: url } }],
  'tool-output-denied': [{ chunk: { type: 'tool-output-denied', toolCallId: 'c' } }],
  'source-url': [{ chunk: { type: 'source-url', sourceId: 's', url: 'https://example.com' } }],
  'source-document': [{ chunk: { type: 'source-document', sourceId: 's', mediaType: 'x/y', title: 't' } }],
  file: [
    { chunk: { type: 'file', mediaType: 'x/y', url, providerMetadata }, slim: { url: slim } },
    { chunk: { type: 'file', mediaType: 'x/y', url: 'https://example.com/a' } },
  ],
  'reasoning-file': [
    { chunk: { type: 'reasoning-file', mediaType: 'x/y', url, providerMetadata }, slim: { url: slim } },
  ],
  'data-*': [
    { chunk: { type: 'data-picture', id: 'd', data: { url } }, slim: { data: { url: marked } } },
    { chunk: { type: 'data-picture', data: { url }, transient: true } },
  ],
  'steering-message': [
    {
      chunk: { type: 'steering-message', id: 's', parts: [{ type: 'file', mediaType: 'x/y', url }] },
      slim: { parts: [{ type: 'file', mediaType: 'x/y', url: slim }] },
    },
  ],
  'start-step': [{ chunk: { type: 'start-step' } }],
  'finish-step': [{ chunk: { type: 'finish-step' } }],
  'reset-step': [{ chunk: { type: 'reset-step' } }],
  start: [{ chunk: { type: 'start', messageId: 'm' } }],
  finish: [{ chunk: { type: 'finish' } }],
  abort: [{ chunk: { type: 'abort' } }],
  'message-metadata': [{ chunk: { type: 'message-metadata', messageMetadata: { url } } }],
}
const rows = Object.values(table).flat()

test('every kind of chunk comes out slim, in order', async () => {
  const a = attachmentsFor(openSession())
  const stream = convertArrayToReadableStream(rows.map(({ chunk }) => chunk)).pipeThrough(a.externalizeStream())
  const chunks = await convertReadableStreamToArray(stream)
  expect(chunks).toEqual(rows.map(({ chunk, slim }) => ({ ...chunk, ...slim })))
  for (const [index, { chunk, slim }] of rows.entries()) if (slim === undefined) expect(chunks[index]).toBe(chunk)
})

test('for a browser, chunks have URLs that it can load', async () => {
  const a = attachmentsFor(openSession())
  const chunks: UIMessageChunk[] = [
    { type: 'file', mediaType: 'x/y', url },
    { type: 'tool-output-available', toolCallId: 'c', output: { a: url, b: base64(png) } },
  ]
  const stream = convertArrayToReadableStream(chunks)
    .pipeThrough(a.externalizeStream())
    .pipeThrough(a.forBrowserStream(id => `/files/${id}`))
  const id = await contentId(raw)
  expect(await convertReadableStreamToArray(stream)).toEqual([
    { type: 'file', mediaType: 'x/y', url: `/files/${id}` },
    {
      type: 'tool-output-available',
      toolCallId: 'c',
      output: { a: `/files/${id}#as=data-url&type=x%2Fy`, b: base64(png) },
    },
  ])
})

/** A session whose puts wait until they are aborted. */
function stalledSession(session: SessionScopedAttachmentStore) {
  const { promise: started, resolve: onStart } = Promise.withResolvers<void>()
  const { promise: aborted, resolve: onAbort } = Promise.withResolvers<unknown>()
  const stalled = Object.assign(Object.create(session) as SessionScopedAttachmentStore, {
    prepare: (body: Uint8Array) => session.prepare(body),
    put: (...[, , { signal } = {}]: Parameters<SessionScopedAttachmentStore['put']>) =>
      new Promise((_, reject) => {
        onStart()
        signal?.addEventListener('abort', () => {
          onAbort(signal.reason)
          reject(signal.reason)
        })
      }),
  })
  return { stalled, started, aborted }
}

test('a put that fails is an error of the stream, and the source is told', async () => {
  const session = openSession()
  await session.close()
  let cancelled: unknown
  const source = new ReadableStream<UIMessageChunk>({
    pull: controller => controller.enqueue({ type: 'file', mediaType: 'x/y', url }),
    cancel: reason => {
      cancelled = reason
    },
  })
  const reader = source.pipeThrough(attachmentsFor(session).externalizeStream()).getReader()
  await expect(reader.read()).rejects.toThrow('closed')
  await expect.poll(() => cancelled).toBeInstanceOf(Error)
})

test('when the reader goes away, the put is aborted and the source is told', async () => {
  const { stalled, started, aborted } = stalledSession(openSession())
  let cancelled: unknown
  const source = new ReadableStream<UIMessageChunk>({
    start: controller => controller.enqueue({ type: 'file', mediaType: 'x/y', url }),
    cancel: reason => {
      cancelled = reason
    },
  })
  const reader = source.pipeThrough(attachmentsFor(stalled).externalizeStream()).getReader()
  const read = reader.read()
  await started
  const reason = new Error('gone')
  await reader.cancel(reason)
  expect(await aborted).toBe(reason)
  expect(await read).toEqual({ done: true, value: undefined })
  await expect.poll(() => cancelled).toBe(reason)
})

test('a signal ends the stream with its reason, also during a put', async () => {
  const { stalled, started } = stalledSession(openSession())
  const controller = new AbortController()
  const stream = convertArrayToReadableStream<UIMessageChunk>([{ type: 'file', mediaType: 'x/y', url }])
  const reader = stream
    .pipeThrough(attachmentsFor(stalled).externalizeStream({ signal: controller.signal }))
    .getReader()
  const read = reader.read()
  await started
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(read).rejects.toBe(reason)
  const texts = convertArrayToReadableStream<UIMessageChunk>([{ type: 'text-delta', id: '1', delta: 'a' }])
  const { signal } = controller
  const ended = texts.pipeThrough(attachmentsFor(openSession()).externalizeStream({ signal })).getReader()
  await expect(ended.read()).rejects.toBe(reason)
})

test('nothing but the chunk is held: the next one is asked for when it is read', async () => {
  let pulled = 0
  const source = new ReadableStream<UIMessageChunk>(
    {
      pull: controller => {
        pulled++
        controller.enqueue({ type: 'file', mediaType: 'x/y', url: dataUrl(new Uint8Array([pulled]), 'x/y') })
      },
    },
    { highWaterMark: 0 },
  )
  const session = openSession()
  const reader = source.pipeThrough(attachmentsFor(session).externalizeStream()).getReader()
  for (let read = 1; read <= 5; read++) {
    await reader.read()
    expect(pulled).toBeLessThanOrEqual(read + 1)
  }
  await reader.cancel()
  await expect(session.get(await contentId(raw))).rejects.toThrow(AttachmentNotFoundError)
})
