import { parse } from 'content-disposition'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Ground, get, openGround, origin, refsOf, traces, url } from './ground.ts'

/*
 * Whatever comes: no 500, no hang, nothing left of what was refused, and no header that was not meant.
 */

const numRuns = 200

const servedHeaders = [
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-length',
  'content-range',
  'content-security-policy',
  'content-type',
  'cross-origin-resource-policy',
  'etag',
  'x-content-type-options',
]

/** What a header of a request may have at all. */
const headerValue = (unit: fc.Arbitrary<string>) =>
  fc.string({ unit, maxLength: 60 }).map(text => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, ''))
const byte = fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code))
const anyHeader = headerValue(byte)

/** Pieces of forms: right ones, wrong ones, and bytes. */
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constant('--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n') },
  { weight: 2, arbitrary: fc.constant('\r\n--b') },
  fc.constantFrom(
    '--b',
    '--',
    '\r\n',
    '\r\n\r\n',
    '\r',
    '-',
    '--b--',
    '\r\n--b--\r\n',
    ':',
    'Content-Type: text/html\r\n',
    'Content-Disposition: form-data; name=f\r\n\r\n',
    "Content-Disposition: form-data; name=f; filename*=UTF-8''%",
    'Content-Disposition: form-data; name=f; filename="',
    'GIF89a\x01\0',
    'PK\x03\x04',
    '\x1f\x8b\x08',
    'RIFF',
    'ID3\x03\0\0\x7f\x7f\x7f\x7f',
    'II*\0\xff\xff\xff\xff',
    'OggS\0\x02',
    '\x1a\x45\xdf\xa3',
    '\0\0\0\x18ftyp',
    '<?xml ',
  ),
  fc.string({ unit: byte, maxLength: 30 }),
  fc.string({ unit: byte, minLength: 4000, maxLength: 6000 }),
)
const form = fc.tuple(fc.array(piece, { maxLength: 14 }), fc.constantFrom('', '\r\n--b--\r\n', '--b--'))

const contentType = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('multipart/form-data; boundary=b', 'Multipart/Form-Data;boundary="b"') },
  anyHeader.map(text => `multipart/form-data; boundary=${text}`),
  anyHeader.map(text => `multipart/form-data${text}`),
  anyHeader.map(text => `image/${text}`),
  anyHeader,
)

test('uploads', async () => {
  const ground = openGround({ maxByteLength: 20_000, maxFiles: 3, idleTimeoutMs: 5000 })
  const nothing = await traces(ground)
  const seen = new Set<number>()
  await fc.assert(
    fc.asyncProperty(
      form,
      contentType,
      fc.option(anyHeader),
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
      async ([pieces, end], type, disposition, sizes) => {
        const body = ReadableStream.from(cut(Buffer.from(pieces.join('') + end, 'latin1'), sizes))
        const headers = { 'Content-Type': type, ...(disposition !== null && { 'Content-Disposition': disposition }) }
        const request = new Request(url, { method: 'POST', headers, body: body as ReadableStream, duplex: 'half' })
        const response = await ground.handler.fetch(request)
        seen.add(response.status)
        expect([201, 400, 413, 415]).toContain(response.status)
        const refs = response.status === 201 ? await refsOf(response) : []
        for (const id of new Set(refs.map(ref => ref.id))) {
          const said = refs.filter(ref => ref.id === id).map(ref => ref.mediaType)
          await expectServed(ground, id, said)
          await ground.draft.delete(id)
        }
        expect(await traces(ground)).toEqual(nothing)
      },
    ),
    {
      numRuns,
      examples: [
        [[[], ''], 'multipart/form-data; boundary=b', null, [7]],
        [
          [['--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nx'], '\r\n--b--\r\n'],
          'multipart/form-data; boundary=b',
          null,
          [7],
        ],
        [
          [['--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n\r\n'.repeat(2)], '\r\n--b--\r\n'],
          'multipart/form-data; boundary=b',
          null,
          [1],
        ],
      ],
    },
  )
  expect(ground.errors).toEqual([])
  expect(seen).toContain(201)
  expect(seen).toContain(400)
})

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let start = 0, turn = 0; start < bytes.byteLength; turn++) {
    const size = sizes[turn % sizes.length] as number
    pieces.push(bytes.subarray(start, start + size))
    start += size
  }
  return pieces
}

/** Of two files with the same bytes, a holder has but one ref, so one of their types is served. */
async function expectServed(ground: Ground, id: string, mediaTypes: readonly string[]): Promise<void> {
  const response = await get(ground, id)
  expect(response.status).toBe(200)
  expectHeaders(response)
  const served = response.headers.get('Content-Type') ?? ''
  expect(mediaTypes.filter(mediaType => served.startsWith(mediaType))).not.toEqual([])
  await response.arrayBuffer()
}

function expectHeaders({ headers }: Response): void {
  for (const [name, value] of headers) {
    expect(servedHeaders).toContain(name)
    expect(value).toMatch(/^[\t\x20-\x7e]*$/)
  }
}

const token = fc.stringMatching(/^[!#$%&'*+.^`|~\w-]{1,20}$/)
const quoted = fc.stringMatching(/^"(?:[\t !#-[\]-~]|\\[\t -~]){0,20}"$/)
const mediaType = fc
  .tuple(
    fc.oneof(fc.constantFrom('text', 'image', 'audio', 'video'), token),
    token,
    fc.array(fc.tuple(token, fc.oneof(token, quoted))),
  )
  .map(
    ([type, subtype, parameters]) =>
      `${type}/${subtype}${parameters.map(([name, value]) => `; ${name}=${value}`).join('')}`,
  )
  .filter(text => text.length <= 255)
const label = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 100 }),
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.constantFrom('\r\nA: b', '"; x="', '%00'),
  )
  .map(text => text.toWellFormed().replaceAll('\0', ''))
const range = fc.oneof(
  fc.tuple(fc.nat(30), fc.nat(30)).map(([first, last]) => `bytes=${first}-${last}`),
  fc.tuple(fc.bigInt({ min: 0n }), fc.constantFrom('', '5')).map(([first, last]) => `bytes=${first}-${last}`),
  fc.nat(30).map(last => `bytes=-${last}`),
  anyHeader.map(text => `bytes=${text}`),
  anyHeader,
)

/** The characters of the text that come in this order in the whole. */
function inOrder(text: string, whole: string): string[] {
  let at = 0
  return [...text].filter(character => {
    const found = whole.indexOf(character, at)
    if (found !== -1) at = found + character.length
    return found !== -1
  })
}

test('downloads', async () => {
  const ground = openGround({}, { inMemory: true })
  let seed = 0
  const seen = new Set<number>()
  await fc.assert(
    fc.asyncProperty(
      mediaType,
      fc.option(label),
      fc.constantFrom('GET', 'HEAD'),
      fc.record(
        {
          Range: range,
          'If-None-Match': fc.oneof(anyHeader, fc.constant('*')),
          'If-Range': anyHeader,
        },
        { requiredKeys: [] },
      ),
      async (mediaType, label, method, headers) => {
        seed++
        const bytes = Buffer.from(`number ${seed}`)
        const ref = await ground.draft.put(bytes, { mediaType, ...(label !== null && { label }) })
        const response = await get(ground, ref.id, headers, method)
        seen.add(response.status)
        expect([200, 206, 304, 416]).toContain(response.status)
        if (response.status === 416) return
        expectHeaders(response)
        const body = Buffer.from(await response.arrayBuffer())
        if (response.status === 200 && method === 'GET') expect(body).toEqual(bytes)
        if (response.status === 206) {
          const [, start, end] = /^bytes (\d+)-(\d+)\//.exec(response.headers.get('Content-Range') as string) ?? []
          expect(body).toEqual(bytes.subarray(Number(start), Number(end) + 1))
        }
        const disposition = response.headers.get('Content-Disposition')
        if (disposition === null) return
        const { type, parameters } = parse(disposition)
        expect(['inline', 'attachment']).toContain(type)
        expect(Object.keys(parameters).every(name => ['filename', 'filename*'].includes(name))).toBe(true)
        const name = parameters.filename ?? ''
        expect(name).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u)
        expect([...name]).toEqual(inOrder(name, label ?? ''))
      },
    ),
    {
      numRuns,
      examples: [
        ['text/plain', 'exe\u2028.\u202egpj', 'GET', {}],
        ['text/plain', null, 'GET', { Range: 'bytes=0-3' }],
      ],
    },
  )
  expect(ground.errors).toEqual([])
  expect(seen).toContain(200)
  expect(seen).toContain(206)
})

test('paths, methods and origins', async () => {
  const ground = openGround({}, { inMemory: true })
  const path = fc.oneof(
    fc.webPath(),
    fc.webPath().map(path => `/attachments${path}`),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef/.%'), maxLength: 70 }).map(text => `/attachments/${text}`),
    fc.constantFrom('/attachments', '/attachments/', `/attachments/${'0'.repeat(64)}`),
  )
  await fc.assert(
    fc.asyncProperty(
      path,
      fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PUT', 'PATCH', 'QUERY'),
      fc.option(anyHeader),
      fc.option(fc.constantFrom('same-origin', 'same-site', 'cross-site', 'none', 'x')),
      async (path, method, from, site) => {
        const headers = { ...(from !== null && { Origin: from }), ...(site !== null && { 'Sec-Fetch-Site': site }) }
        const response = await ground.handler.fetch(new Request(`${origin}${path}`, { method, headers }))
        expect([204, 400, 403, 404, 405]).toContain(response.status)
        if (method === 'HEAD') expect(response.body).toBeNull()
      },
    ),
    { numRuns },
  )
  expect(ground.errors).toEqual([])
})
