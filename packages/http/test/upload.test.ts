import { contentId } from '@lash/attachments-core'
import { AttachmentRejectedError } from '@lash/attachments-http'
import { sampleBytes } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import {
  expectNoTraces,
  expectProblem,
  formOf,
  openGround,
  post,
  type RequestBody,
  type RequestHeaders,
  refsOf,
  traces,
  url,
} from './ground.ts'

const text = (value: string) => new TextEncoder().encode(value)

test('a raw body is one attachment, named by Content-Disposition', async () => {
  const ground = openGround()
  const response = await post(ground, 'a,b\n', {
    'Content-Type': 'text/csv; header=present',
    'Content-Disposition': `attachment; filename="t.csv"; filename*=UTF-8''Temperatur%20%C3%BC.csv`,
  })
  expect(response.headers.get('Location')).toBe(`/attachments/${contentId(text('a,b\n'))}`)
  const [ref] = await refsOf(response)
  expect(ref).toEqual({
    id: contentId(text('a,b\n')),
    byteLength: 4,
    mediaType: 'text/csv; header=present',
    label: 'Temperatur ü.csv',
  })
  expect((await traces(ground)).refs).toEqual([`draft ${ref?.id}*`])
})

test('a form has several files, and text fields before, between and after them', async () => {
  const seen: unknown[] = []
  const ground = openGround({
    commit: async (refs, { session, fields }) => {
      seen.push(...fields)
      await session.commit({ refs })
    },
  })
  const picture = sampleBytes(3_000_000)
  const form = formOf(
    ['chat', 'before'],
    { bytes: 'one', name: 'one.txt', type: 'text/plain' },
    ['chat', 'über'],
    { bytes: picture, name: 'two.bin' },
    { bytes: 'three', name: '日本語 "3".md', type: 'text/markdown' },
    ['last', ''],
  )
  const response = await post(ground, form)
  expect(response.headers.get('Location')).toBeNull()
  const refs = await refsOf(response)
  expect(refs.map(({ label, mediaType, byteLength }) => [label, mediaType, byteLength])).toEqual([
    ['one.txt', 'text/plain', 3],
    ['two.bin', 'application/octet-stream', 3_000_000],
    ['日本語 "3".md', 'text/markdown', 5],
  ])
  expect(seen).toEqual([
    ['chat', 'before'],
    ['chat', 'über'],
    ['last', ''],
  ])
  expect((await traces(ground)).refs).toEqual(refs.map(({ id }) => `draft ${id}*`).sort())
  expect(Buffer.compare((await ground.draft.get(refs[1]?.id as string)).bytes, picture)).toBe(0)
})

test('a file input that was left empty is no file, and a form without files is refused', async () => {
  const ground = openGround()
  await expectProblem(await post(ground, formOf({ bytes: '', name: '' }, ['a', 'b'])), 400, 'malformed')
  const [ref, ...others] = await refsOf(
    await post(ground, formOf({ bytes: '', name: '' }, { bytes: '', name: 'empty' })),
  )
  expect([ref?.byteLength, ref?.label, others]).toEqual([0, 'empty', []])
})

test('the same bytes twice in a form are two refs to one content', async () => {
  const ground = openGround()
  const file = { bytes: 'same', type: 'text/plain' }
  const refs = await refsOf(await post(ground, formOf({ ...file, name: 'a' }, { ...file, name: 'b' })))
  expect(refs.map(({ id }) => id)).toEqual([contentId(text('same')), contentId(text('same'))])
  expect((await traces(ground)).refs).toEqual([`draft ${contentId(text('same'))}*`])
})

test.each<[string, number, string, () => RequestBody, RequestHeaders]>([
  ['a raw body over the limit', 413, 'too_large', () => sampleBytes(2001) as RequestBody, {}],
  ['a raw body that says so', 413, 'too_large', () => 'x', { 'Content-Length': '2001' }],
  ['a form that says so', 413, 'too_large', () => 'x', formHeaders({ 'Content-Length': '100000000' })],
  [
    'a second file over the limit',
    413,
    'too_large',
    () => formOf({ bytes: 'a', name: 'a' }, { bytes: sampleBytes(2001), name: 'b' }),
    {},
  ],
  [
    'too many files',
    413,
    'too_many_files',
    () => formOf(...Array.from({ length: 4 }, (_, i) => ({ bytes: `${i}`, name: `${i}` }))),
    {},
  ],
  [
    'too many fields',
    413,
    'too_large',
    () => formOf({ bytes: 'a', name: 'a' }, ...Array.from({ length: 101 }, (_, i): [string, string] => [`f${i}`, ''])),
    {},
  ],
  ['too long a field', 413, 'too_large', () => formOf({ bytes: 'a', name: 'a' }, ['f', 'x'.repeat(70_000)]), {}],
  [
    'a form that ends early',
    400,
    'malformed',
    () => '--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nabc',
    formHeaders(),
  ],
  [
    'a form that ends after a part',
    400,
    'malformed',
    () => '--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nabc\r\n--b\r\n',
    formHeaders(),
  ],
  ['a form without parts', 400, 'malformed', () => '--b--\r\n', formHeaders()],
  ['a form without a boundary', 400, 'malformed', () => 'x', { 'Content-Type': 'multipart/form-data' }],
  ['a form that never begins', 400, 'malformed', () => 'x'.repeat(100_000), formHeaders()],
  [
    'a part without a name',
    400,
    'malformed',
    () => '--b\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--b--\r\n',
    formHeaders(),
  ],
  ['a part without headers', 400, 'malformed', () => '--b\r\n\r\nabc\r\n--b--\r\n', formHeaders()],
  [
    'a part whose headers do not end',
    400,
    'malformed',
    () => '--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n--b--\r\n',
    formHeaders(),
  ],
  ['endless headers', 400, 'malformed', () => `--b\r\nX: ${'x'.repeat(20_000)}\r\n\r\nabc\r\n--b--\r\n`, formHeaders()],
  [
    'a malformed filename*',
    400,
    'malformed',
    () => "--b\r\nContent-Disposition: form-data; name=f; filename*=UTF-8''%ff\r\n\r\nabc\r\n--b--\r\n",
    formHeaders(),
  ],
  ['a form of a page without enctype', 415, 'unsupported_media_type', () => new URLSearchParams({ file: 'a.png' }), {}],
  ['a content coding', 415, 'unsupported_media_type', () => 'x', { 'Content-Encoding': 'gzip' }],
])('%s is %i %s, and leaves nothing', async (_what, status, code, body, headers) => {
  const ground = openGround({ maxByteLength: 2000, maxFiles: 3 })
  await expectProblem(await post(ground, body(), headers), status, code)
  await expectNoTraces(ground)
  expect(ground.errors).toEqual([])
})

function formHeaders(others: Record<string, string> = {}): Record<string, string> {
  return { 'Content-Type': 'multipart/form-data; boundary=b', ...others }
}

test('nothing at all is refused, but an empty file is one', async () => {
  const ground = openGround()
  await expectProblem(await ground.handler.fetch(new Request(url, { method: 'POST' })), 400, 'malformed')
  const headers = { 'Content-Type': 'application/x-empty' }
  const [ref] = await refsOf(await ground.handler.fetch(new Request(url, { method: 'POST', headers })))
  expect(ref?.byteLength).toBe(0)
})

test('the limit of the store counts where it is lower', async () => {
  const ground = openGround({}, { storeLimit: 3 })
  expect(await expectProblem(await post(ground, 'abcd'), 413, 'too_large')).toContain('3 bytes')
})

test.each(['a raw body', 'a form'])('inspect sees the content of %s, and what it throws is the answer', async kind => {
  const seen: unknown[] = []
  const ground = openGround({
    inspect: async (content, meta, { request, signal }) => {
      expect([request.method, signal.aborted]).toEqual(['POST', false])
      seen.push(meta, await new Response(content.stream()).text())
      if (meta.label === 'bad.txt') throw new AttachmentRejectedError('a virus is in bad.txt')
    },
  })
  const good = { bytes: 'good', name: 'good.txt', type: 'text/plain' }
  const bad = { bytes: 'bad', name: 'bad.txt', type: 'text/plain' }
  const response = await (kind === 'a form'
    ? post(ground, formOf(good, bad))
    : post(ground, 'bad', { 'Content-Disposition': 'attachment; filename=bad.txt', 'Content-Type': 'text/plain' }))
  expect(await expectProblem(response, 422, 'rejected')).toBe('a virus is in bad.txt')
  expect(seen.slice(-2)).toEqual([
    { id: contentId(text('bad')), byteLength: 3, mediaType: 'text/plain', label: 'bad.txt' },
    'bad',
  ])
  await expectNoTraces(ground)
})

test('another error of inspect is 500, and says nothing of it', async () => {
  const failure = new Error('the scanner at 10.0.0.7 has gone')
  const ground = openGround({
    inspect: () => {
      throw failure
    },
  })
  expect(await expectProblem(await post(ground, 'x'), 500, 'internal')).not.toContain('10.0.0.7')
  expect(ground.errors).toEqual([failure])
  await expectNoTraces(ground)
})

test('accept is checked against what the bytes are', async () => {
  const ground = openGround({ accept: ['image/*', 'application/PDF'] })
  await expectProblem(await post(ground, '<html>', { 'Content-Type': 'image/png' }), 415, 'unsupported_media_type')
  await expectProblem(await post(ground, 'plain'), 415, 'unsupported_media_type')
  await expectNoTraces(ground)
  await refsOf(await post(ground, '%PDF-1.7\n', { 'Content-Type': 'text/plain' }))
})
