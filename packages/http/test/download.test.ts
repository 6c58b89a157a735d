import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AttachmentRef, contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { expectBytes, sampleBytes } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { expectProblem, get, openGround } from './ground.ts'

const bytes = sampleBytes(1000)

async function withSample(mediaType = 'image/png', label?: string) {
  const ground = openGround()
  const ref = await ground.draft.put(bytes, { mediaType, ...(label !== undefined && { label }) })
  return { ground, id: ref.id }
}

test('every header of a download', async () => {
  const { ground, id } = await withSample('image/png', 'a lake.png')
  const response = await get(ground, id)
  expect([response.status, Object.fromEntries(response.headers)]).toEqual([
    200,
    {
      'accept-ranges': 'bytes',
      'cache-control': 'private, max-age=31536000, immutable',
      'content-disposition': 'inline; filename="a lake.png"',
      'content-length': '1000',
      'content-security-policy':
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'",
      'content-type': 'image/png',
      'cross-origin-resource-policy': 'same-origin',
      etag: `"${id}"`,
      'x-content-type-options': 'nosniff',
    },
  ])
  expectBytes(await response.arrayBuffer(), bytes)
})

test('a film that is opened as a page may load itself, and run nothing', async () => {
  const { ground, id } = await withSample('video/mp4')
  expect((await get(ground, id)).headers.get('Content-Security-Policy')).toBe(
    "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'",
  )
})

test.each<[string, string, string]>([
  ['image/png', 'inline', 'image/png'],
  ['image/JPEG', 'inline', 'image/JPEG'],
  ['video/mp4; codecs="avc1"', 'inline', 'video/mp4; codecs="avc1"'],
  ['audio/mpeg', 'inline', 'audio/mpeg'],
  ['text/plain', 'inline', 'text/plain; charset=utf-8'],
  ['text/plain; charset=latin1', 'inline', 'text/plain; charset=latin1'],
  ['image/svg+xml', 'attachment', 'image/svg+xml'],
  ['text/html', 'attachment', 'text/html'],
  ['application/xhtml+xml', 'attachment', 'application/xhtml+xml'],
  ['text/xml', 'attachment', 'text/xml'],
  ['application/pdf', 'attachment', 'application/pdf'],
  ['video/x+xml', 'attachment', 'video/x+xml'],
  ['audio/x+xml;a=b', 'attachment', 'audio/x+xml;a=b'],
  ['text/javascript', 'attachment', 'text/javascript'],
  ['multipart/x-mixed-replace', 'attachment', 'multipart/x-mixed-replace'],
  ['image/x-unheard-of', 'attachment', 'image/x-unheard-of'],
])('%s is served as %s', async (mediaType, disposition, contentType) => {
  const { ground, id } = await withSample(mediaType)
  const { headers } = await get(ground, id)
  expect([headers.get('Content-Disposition'), headers.get('Content-Type')]).toEqual([disposition, contentType])
})

test.each<[string, string]>([
  ['line\r\nSet-Cookie: a=b', 'inline; filename="lineSet-Cookie: a=b"'],
  ['quote".png', 'inline; filename="quote\\".png"'],
  ['../../etc/passwd', 'inline; filename=passwd'],
  ['日本.png', 'inline; filename="??.png"; filename*=UTF-8\'\'%E6%97%A5%E6%9C%AC.png'],
  ['100%41.png', "inline; filename=100%41.png; filename*=UTF-8''100%2541.png"],
  ['\u202egpj.exe', 'inline; filename=gpj.exe'],
  ['..', 'inline'],
])('the label %j is served as %s', async (label, disposition) => {
  const { ground, id } = await withSample('image/png', label)
  expect((await get(ground, id)).headers.get('Content-Disposition')).toBe(disposition)
})

test.each<[string, number, string | null]>([
  ['bytes=0-0', 206, 'bytes 0-0/1000'],
  ['bytes=10-19', 206, 'bytes 10-19/1000'],
  ['BYTES=10-', 206, 'bytes 10-999/1000'],
  ['bytes=-10', 206, 'bytes 990-999/1000'],
  ['bytes=-5000', 206, 'bytes 0-999/1000'],
  ['bytes=990-5000', 206, 'bytes 990-999/1000'],
  ['bytes=999-999999999999999999999999', 206, 'bytes 999-999/1000'],
  ['bytes=1000-', 416, 'bytes */1000'],
  ['bytes=-0', 416, 'bytes */1000'],
  ['bytes=99999999999999999999-', 416, 'bytes */1000'],
  ['bytes=19-10', 200, null],
  ['bytes=0-1,5-6', 200, null],
  ['bytes=0-1,5000-', 200, null],
  ['bytes=', 200, null],
  ['bytes=-', 200, null],
  ['bytes=a-b', 200, null],
  ['bytes=1-2-3', 200, null],
  ['bytes=0x1-2', 200, null],
  ['lines=1-2', 200, null],
  ['1-2', 200, null],
])('Range: %s is %i with %s', async (range, status, contentRange) => {
  const { ground, id } = await withSample()
  const response = await get(ground, id, { Range: range })
  expect([response.status, response.headers.get('Content-Range')]).toEqual([status, contentRange])
  if (status === 416) {
    await expectProblem(response, 416, 'range_not_satisfiable')
    return
  }
  const [, start, end] = /(\d+)-(\d+)/.exec(contentRange ?? '0-999') ?? []
  const expected = bytes.subarray(Number(start), Number(end) + 1)
  expect(response.headers.get('Content-Length')).toBe(`${expected.byteLength}`)
  expectBytes(await response.arrayBuffer(), expected)
})

test('no range of an empty file can be had', async () => {
  const ground = openGround()
  const { id } = await ground.draft.put(new Uint8Array(0), { mediaType: 'text/plain' })
  expect((await get(ground, id, { Range: 'bytes=0-' })).headers.get('Content-Range')).toBe('bytes */0')
  const whole = await get(ground, id)
  expect([whole.status, whole.headers.get('Content-Length'), await whole.text()]).toEqual([200, '0', ''])
})

test.each<[string, number]>([
  ['ETAG', 304],
  ['W/ETAG', 304],
  ['"other", ETAG', 304],
  [' * ', 304],
  ['"other"', 200],
  ['unquoted', 200],
  ['', 200],
])('If-None-Match: %s is %i', async (header, status) => {
  const { ground, id } = await withSample()
  const response = await get(ground, id, { 'If-None-Match': header.replace('ETAG', `"${id}"`), Range: 'bytes=' })
  expect([response.status, response.headers.get('ETag')]).toEqual([status, `"${id}"`])
  if (status !== 304) return
  expect(response.headers.get('Cache-Control')).toBe('private, max-age=31536000, immutable')
  expect(response.body).toBeNull()
})

test.each<[string, number]>([
  ['ETAG', 206],
  ['W/ETAG', 200],
  ['"other"', 200],
  ['Wed, 21 Oct 2026 07:28:00 GMT', 200],
])('If-Range: %s is %i', async (header, status) => {
  const { ground, id } = await withSample()
  const headers = { Range: 'bytes=1-2', 'If-Range': header.replace('ETAG', `"${id}"`) }
  expect((await get(ground, id, headers)).status).toBe(status)
})

test('HEAD says what GET says, and reads no bytes', async () => {
  const { ground, id } = await withSample('image/png', 'a.png')
  const whole = await get(ground, id)
  ground.store.stream = () => Promise.reject(new Error('bytes were read'))
  const head = await get(ground, id, { Range: 'bytes=1-2' }, 'HEAD')
  expect([head.status, Object.fromEntries(head.headers)]).toEqual([200, Object.fromEntries(whole.headers)])
  expect(head.body).toBeNull()
  const none = await get(ground, '0'.repeat(64), {}, 'HEAD')
  expect([none.status, none.body]).toEqual([404, null])
})

test('what is not there, is another session’s, or cannot be an id: 404, all alike', async () => {
  const { ground, id } = await withSample()
  const elsewhere = new SessionScopedAttachmentStore(ground.store, ground.manifest, 'another chat')
  const foreign = await elsewhere.put(Buffer.from('secret'), { mediaType: 'text/plain' })
  const missing = ['0'.repeat(64), foreign.id, id.toUpperCase(), id.slice(1), `${id}0`, '..', '%2e%2e', 'x/../y']
  const answers: unknown[] = []
  for (const each of missing) {
    for (const headers of [{}, { Range: 'bytes=0-1' }, { 'If-None-Match': '*' }] as Record<string, string>[]) {
      const response = await get(ground, each, headers)
      answers.push([response.status, Object.fromEntries(response.headers), await response.json()])
    }
  }
  expect(answers[0]).toMatchObject([404, {}, { code: 'not_found' }])
  for (const answer of answers) expect(answer).toEqual(answers[0])
})

test('a view shows its own name of the same bytes', async () => {
  const { ground, id } = await withSample('image/png', 'mine.png')
  const other = new SessionScopedAttachmentStore(ground.store, ground.manifest, 'chat', { holder: 'message' })
  await other.put(bytes, { mediaType: 'text/plain', label: 'theirs.txt' })
  expect((await get(ground, id)).headers.get('Content-Disposition')).toContain('mine.png')
})

/** Where the store has the bytes. */
function fileOf(root: string, { id }: Pick<AttachmentRef, 'id'>): string {
  return join(root, 'sha256', id.slice(0, 2), id)
}

test('damaged bytes are 500, before the first of them', async () => {
  const { ground, id } = await withSample()
  writeFileSync(fileOf(ground.root, { id }), sampleBytes(1000, 2))
  const detail = await expectProblem(await get(ground, id), 500, 'corrupt')
  expect(detail).not.toContain(id)
  expect(ground.errors).toMatchObject([{ code: 'corrupt' }])
})

test('damage that shows later breaks the download off', async () => {
  const ground = openGround()
  const big = sampleBytes(2_000_000)
  const ref = await ground.draft.put(big, { mediaType: 'image/png' })
  const damaged = big.slice()
  damaged[1_999_999] = 0xff - (big[1_999_999] as number)
  writeFileSync(fileOf(ground.root, ref), damaged)
  const response = await get(ground, ref.id)
  expect(response.status).toBe(200)
  await expect(response.arrayBuffer()).rejects.toMatchObject({ code: 'corrupt' })
  truncateSync(fileOf(ground.root, ref), 1000)
  await expectProblem(await get(ground, ref.id), 500, 'corrupt')
  expect(ground.errors).toMatchObject([{ code: 'corrupt' }, { code: 'corrupt' }])
})

test('a body that nobody takes is ended', async () => {
  const ground = openGround({ idleTimeoutMs: 1 })
  const ref = await ground.draft.put(sampleBytes(2_000_000), { mediaType: 'image/png' })
  const { body } = await get(ground, ref.id)
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  await expect(reader.closed).rejects.toThrow('took nothing')
})

test('an aborted request ends its body', async () => {
  const ground = openGround()
  const big = sampleBytes(2_000_000)
  await ground.draft.put(big, { mediaType: 'image/png' })
  const abort = new AbortController()
  const url = `http://chat.example/attachments/${contentId(big)}`
  const { body } = await ground.handler.fetch(new Request(url, { signal: abort.signal }))
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  abort.abort(new Error('gone'))
  await expect(reader.read().then(() => reader.read())).rejects.toThrow()
  expect(ground.errors).toEqual([])
})
