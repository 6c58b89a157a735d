import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { type AttachmentHandler, AttachmentRejectedError, createAttachmentHandler } from '@lash/attachments-http'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'

/*
 * What the handler does on any runtime with the Fetch API. No test runner, and nothing of Node.
 */

const url = 'http://chat.example/attachments'

function newHandler({ idleTimeoutMs = 60_000 } = {}): AttachmentHandler {
  const store = new InMemoryAttachmentStore()
  const manifest = new InMemoryAttachmentManifest()
  return createAttachmentHandler({
    session: () => new SessionScopedAttachmentStore(store, manifest, 'chat', { holder: 'draft' }),
    maxByteLength: 3_000_000,
    idleTimeoutMs,
    inspect: (_content, { label }) => {
      if (label === 'virus.txt') throw new AttachmentRejectedError('a virus')
    },
  })
}

function check(actual: unknown, expected: unknown): void {
  const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (is !== shouldBe) throw new Error(`${is}, not ${shouldBe}`)
}

interface Answer {
  attachments: { id: string; byteLength: number; mediaType: string; label?: string }[]
  code: string
}

async function send(handler: AttachmentHandler, body: RequestInit['body'], headers: Record<string, string> = {}) {
  const init = { method: 'POST', body: body ?? null, headers, duplex: 'half' } as RequestInit
  const response = await handler.fetch(new Request(url, init))
  return { response, answer: (await response.json()) as Answer }
}

/** Bytes that come in small pieces, as from a network. */
function pieces(byteLength: number): ReadableStream<Uint8Array> {
  let left = byteLength
  return new ReadableStream({
    pull(controller) {
      const piece = new Uint8Array(Math.min(left, 10_000)).fill(7)
      left -= piece.byteLength
      if (piece.byteLength > 0) controller.enqueue(piece)
      else controller.close()
    },
  })
}

export const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  async 'a form with two files and a field'() {
    const form = new FormData()
    form.append('before', 'text')
    form.append('f', new Blob(['a,b\n'], { type: 'text/csv' }), 'tä.csv')
    form.append('f', new Blob([new Uint8Array(200_000).fill(1)]), 'b.bin')
    const { response, answer } = await send(newHandler(), form)
    check(response.status, 201)
    check(
      answer.attachments.map(({ mediaType, label, byteLength }) => [mediaType, label, byteLength]),
      [
        ['text/csv', 'tä.csv', 4],
        ['application/octet-stream', 'b.bin', 200_000],
      ],
    )
  },
  async 'a raw body, whole, in part, not modified, and let go of'() {
    const handler = newHandler()
    const { response, answer } = await send(handler, pieces(2_500_000), { 'Content-Type': 'image/png' })
    const id = answer.attachments[0]?.id
    check([response.status, response.headers.get('Location')], [201, `/attachments/${id}`])
    const get = (headers: Record<string, string> = {}, method = 'GET') =>
      handler.fetch(new Request(`${url}/${id}`, { method, headers }))
    const whole = await get()
    check([whole.status, whole.headers.get('ETag'), whole.headers.get('Content-Length')], [200, `"${id}"`, '2500000'])
    const bytes = new Uint8Array(await whole.arrayBuffer())
    check([bytes.byteLength, bytes.every(byte => byte === 7)], [2_500_000, true])
    const part = await get({ Range: 'bytes=10-19' })
    check([part.status, (await part.arrayBuffer()).byteLength], [206, 10])
    check((await get({ 'If-None-Match': `"${id}"` })).status, 304)
    check((await get({ Range: 'bytes=9999999-' })).status, 416)
    check((await get({}, 'HEAD')).status, 200)
    check((await get({}, 'DELETE')).status, 204)
    check((await get()).status, 404)
  },
  async 'too big, refused, malformed, from elsewhere'() {
    const handler = newHandler()
    const big = await send(handler, pieces(4_000_000))
    check([big.response.status, big.answer.code], [413, 'too_large'])
    const virus = await send(handler, 'x', { 'Content-Disposition': 'attachment; filename=virus.txt' })
    check([virus.response.status, virus.answer.code], [422, 'rejected'])
    const broken = await send(handler, '--b\r\n', { 'Content-Type': 'multipart/form-data; boundary=b' })
    check([broken.response.status, broken.answer.code], [400, 'malformed'])
    const foreign = await send(handler, 'x', { 'Sec-Fetch-Site': 'cross-site' })
    check([foreign.response.status, foreign.answer.code], [403, 'cross_origin'])
  },
  async 'an upload that stops'() {
    const { response, answer } = await send(newHandler({ idleTimeoutMs: 20 }), new ReadableStream())
    check([response.status, answer.code], [408, 'timeout'])
  },
  async 'a picture is known by its bytes, and text is served as text'() {
    const handler = newHandler()
    const gif = Uint8Array.from('GIF89a\x01\0\x01\0\x80\0\0\0\0\0', letter => letter.charCodeAt(0))
    const picture = await send(handler, gif, { 'Content-Type': 'text/html' })
    check(picture.answer.attachments[0]?.mediaType, 'image/gif')
    const page = await send(handler, '<script>alert(1)</script>', { 'Content-Type': 'image/png' })
    const served = await handler.fetch(new Request(`${url}/${page.answer.attachments[0]?.id}`))
    check(served.headers.get('Content-Type'), 'text/plain; charset=utf-8')
    await served.body?.cancel()
  },
}

export interface Outcome {
  passed: number
  /** What failed, and why. */
  failed: string[]
}

export async function runScenarios(): Promise<Outcome> {
  const outcome: Outcome = { passed: 0, failed: [] }
  for (const [name, scenario] of Object.entries(scenarios)) {
    try {
      await scenario()
      outcome.passed++
    } catch (error) {
      outcome.failed.push(`${name}: ${error instanceof Error ? error.stack : error}`)
    }
  }
  return outcome
}
