import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Ground, openGround, refsOf, url } from './ground.ts'

/*
 * Forms as they come from a network: cut anywhere. What a form says does not depend on where it is cut.
 */

const crlf = '\r\n'

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces) as ReadableStream<Uint8Array>
}

async function postPieces(ground: Ground, boundary: string, pieces: readonly Uint8Array[]): Promise<Response> {
  const headers = { 'Content-Type': `multipart/form-data; boundary="${boundary}"` }
  return ground.handler.fetch(new Request(url, { method: 'POST', headers, body: streamOf(pieces), duplex: 'half' }))
}

interface Part {
  name: string
  text: string
}

function bodyOf(boundary: string, parts: readonly Part[], { preamble = '', epilogue = '' } = {}): Uint8Array {
  const bodies = parts.map(
    ({ name, text }) =>
      `--${boundary}${crlf}Content-Disposition: form-data; name="f"; filename="${name}"${crlf}` +
      `Content-Type: text/plain${crlf}${crlf}${text}${crlf}`,
  )
  return Buffer.from(`${preamble}${bodies.join('')}--${boundary}--${epilogue}`)
}

async function textsOf(ground: Ground, response: Response): Promise<Part[]> {
  const refs = await refsOf(response)
  return Promise.all(
    refs.map(async ({ id, label }) => ({
      name: label as string,
      text: Buffer.from((await ground.draft.get(id)).bytes).toString(),
    })),
  )
}

test.each(['b', '-', '--', 'x--', '----WebKitFormBoundary7MA4YWxkTrZu0gW', "a'()+_,-./:=? b"])(
  'a form with the boundary %j is the same wherever it is cut in two',
  async boundary => {
    const ground = openGround({}, { inMemory: true })
    const parts = [
      { name: 'über.txt', text: `a\r\n--${boundary.slice(0, -1)}\r\n\r\n-` },
      { name: '日本.txt', text: '' },
      { name: 'last', text: '--\r\n--' },
    ]
    for (const around of [{}, { preamble: crlf, epilogue: `${crlf}the end` }]) {
      const body = bodyOf(boundary, parts, around)
      for (let cut = 0; cut <= body.byteLength; cut++) {
        const response = await postPieces(ground, boundary, [body.subarray(0, cut), body.subarray(cut)])
        expect(await textsOf(ground, response), `cut at ${cut}`).toEqual(parts)
      }
    }
  },
)

test('a form is the same in pieces of any sizes', async () => {
  const ground = openGround({}, { inMemory: true })
  const piece = fc.oneof(
    fc.constantFrom('\r', '\n', '\r\n', '-', '--', '\r\n--', '\r\n--bound', 'bound', '\r\n-', '\0'),
    fc.string({ maxLength: 20, unit: 'binary' }),
  )
  const text = fc
    .array(piece, { maxLength: 12 })
    .map(pieces => pieces.join(''))
    .filter(text => !`${crlf}${text}`.includes('\r\n--bound-ary'))
  const part = fc.record({ name: fc.stringMatching(/^[a-z]{1,8}\.txt$/), text })
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      async (parts, sizes) => {
        const wellFormed = parts.map(({ name, text }) => ({ name, text: Buffer.from(text).toString() }))
        const body = bodyOf('bound-ary', wellFormed)
        const pieces: Uint8Array[] = []
        for (let start = 0, turn = 0; start < body.byteLength; turn++) {
          const size = sizes[turn % sizes.length] as number
          pieces.push(body.subarray(start, start + size))
          start += size
        }
        expect(await textsOf(ground, await postPieces(ground, 'bound-ary', pieces))).toEqual(wellFormed)
      },
    ),
    { numRuns: 150 },
  )
})

test('a form that is being sent is not read ahead of what takes it', async () => {
  let finish = () => {}
  const scanned = new Promise<void>(resolve => {
    finish = resolve
  })
  let asked = 0
  const ground = openGround({ inspect: () => scanned })
  const head = Buffer.from(
    `--b${crlf}Content-Disposition: form-data; name=f; filename=a${crlf}${crlf}a${crlf}` +
      `--b${crlf}Content-Disposition: form-data; name=f; filename=b${crlf}${crlf}`,
  )
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        asked++
        if (asked === 1) controller.enqueue(head)
        else if (asked <= 50) controller.enqueue(new Uint8Array(10_000))
        else {
          controller.enqueue(Buffer.from(`${crlf}--b--`))
          controller.close()
        }
        // While the first file is inspected, nobody asks for the second.
        if (asked === 1) setImmediate(() => setImmediate(finish))
        else expect(isScanned).toBe(true)
      },
    },
    { highWaterMark: 0 },
  )
  let isScanned = false
  void scanned.then(() => {
    isScanned = true
  })
  const headers = { 'Content-Type': 'multipart/form-data; boundary=b' }
  const request = new Request(url, { method: 'POST', headers, body, duplex: 'half' })
  const refs = await refsOf(await ground.handler.fetch(request))
  expect(refs.map(({ byteLength }) => byteLength)).toEqual([1, 490_000])
})
