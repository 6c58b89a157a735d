import { Agent } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { AttachmentBackendError, AttachmentCorruptError, contentId } from '@lash/attachments-core'
import type { S3AttachmentStore } from '@lash/attachments-s3'
import { expectBytes, sampleBytes } from '@lash/attachments-testing'
import type { S3Fault } from '@lash/attachments-testing/s3'
import { beforeEach, describe, expect, test } from 'vitest'
import { describeWithProxy, failureOf, MiB, meta, proxy, there, traffic } from '../server.ts'

let store: S3AttachmentStore

beforeEach(() => {
  store = there?.store(proxy.endpoint)
})

describeWithProxy('a read', () => {
  const big = sampleBytes(3 * MiB)
  const small = sampleBytes(1000)
  beforeEach(async () => {
    for (const bytes of [big, small]) await there.store().put(bytes, meta)
  })

  test.each<[string, S3Fault, answers: string[]]>([
    ['nothing', { kind: 'delay', ms: 1 }, ['GET 200']],
    ['SlowDown', { kind: 'answer', status: 503, code: 'SlowDown' }, ['GET 503', 'GET 200']],
    ['an internal error', { kind: 'answer', status: 500, code: 'InternalError' }, ['GET 500', 'GET 200']],
    ['a refusal', { kind: 'answer', status: 403, code: 'RequestTimeTooSkewed' }, ['GET 403', 'GET 200']],
    ['a lost answer', { kind: 'lose-answer' }, ['GET 200', 'GET 200']],
  ])('gets over %s', async (_name, fault, answers) => {
    for (const bytes of [big, small]) {
      const fresh = there.store(proxy.endpoint)
      proxy.spoil({ method: 'GET' }, fault)
      traffic()
      expectBytes((await fresh.get(contentId(bytes))).bytes, bytes)
      expect(traffic()).toEqual(answers)
    }
  })

  const readStream = async (bytes: Uint8Array) =>
    new Response((await store.stream(contentId(bytes))).body).arrayBuffer()

  test.each([
    ['big', big],
    ['small', small],
  ])('that is cut again and again tells so, and not that bytes are damaged or absent (%s)', async (_name, bytes) => {
    // A big download continues where it was cut, and is cut again before a byte.
    proxy.spoil({ method: 'GET' }, { kind: 'cut-answer', afterBytes: 0 }, 4)
    for (const reading of [() => store.get(contentId(bytes)), () => readStream(bytes)]) {
      const error = await failureOf(reading())
      expect(error).toBeInstanceOf(AttachmentBackendError)
      expect(error.message).toMatch(/download was cut after \d+ of \d+ bytes/)
    }
    proxy.reset()
    expectBytes((await store.get(contentId(bytes))).bytes, bytes)
  })

  test.each<[string, S3Fault]>([
    ['flipped', { kind: 'flip-answer', at: 500 }],
    ['missing', { kind: 'shorten-answer', toBytes: 999 }],
  ])('with a byte %s is never data', async (_name, fault) => {
    for (const bytes of [big, small]) {
      proxy.spoil({ method: 'GET' }, fault, 2)
      expect(await failureOf(store.get(contentId(bytes)))).toBeInstanceOf(AttachmentCorruptError)
      expect(await failureOf(readStream(bytes))).toBeInstanceOf(AttachmentCorruptError)
    }
  })

  test('that is cancelled or aborted frees its connection', async () => {
    // There is one connection in all. If it is not freed, the next request waits for ever.
    const requestHandler: S3ClientConfig['requestHandler'] = { httpAgent: { maxSockets: 1 } }
    const narrow = there.store(proxy.endpoint, { clientConfig: { requestHandler } })
    for (const chunks of [0, 1]) {
      const reader = (await narrow.stream(contentId(big))).body.getReader()
      for (let read = 0; read < chunks; read++) await reader.read()
      await reader.cancel()
      await narrow.stat(contentId(big))
      const abort = new AbortController()
      const aborted = (await narrow.stream(contentId(big), { signal: abort.signal })).body.getReader()
      for (let read = 0; read < chunks; read++) await aborted.read()
      abort.abort()
      await narrow.stat(contentId(big))
    }
    proxy.spoil({ method: 'GET' }, { kind: 'cut-answer', afterBytes: 500 }, 2)
    for (const bytes of [big, small]) await narrow.get(contentId(bytes)).catch(() => {})
    await narrow.stat(contentId(big))
  })

  test.each([
    [0, undefined],
    [0, 2 * MiB + 5],
    [5, undefined],
  ])('from %s to %s goes on where the connection was cut', async (start, end) => {
    proxy.spoil({ method: 'GET' }, { kind: 'cut-answer', afterBytes: 500_000 }, 2)
    const { body } = await store.stream(contentId(big), { start, end })
    expectBytes(await new Response(body).arrayBuffer(), big.slice(start, end))
    const ranges = proxy.requests.map(({ headers }) => headers.range)
    const last = end === undefined ? big.byteLength - 1 : end - 1
    expect(ranges.slice(-2)).toEqual([`bytes=${start + 500_000}-${last}`, `bytes=${start + 1_000_000}-${last}`])
  })

  test('goes on after its connection was lost because nobody read', async () => {
    const bytes = sampleBytes(16 * MiB)
    const { id } = await there.store().put(bytes, meta)
    const connections: Socket[] = []
    const httpAgent = new Agent()
    const connect = httpAgent.createConnection.bind(httpAgent)
    httpAgent.createConnection = (...given) => {
      const connection = connect(...given) as Socket
      connections.push(connection)
      return connection
    }
    // Silence is over when the test says so. A time so short that it need not would end answers that are only slow.
    const silence = () => connections.at(-1)?.emit('timeout')
    const store = there.store(proxy.endpoint, { clientConfig: { requestHandler: { httpAgent, socketTimeout: 5000 } } })
    const reader = (await store.stream(id)).body.getReader()
    silence()
    const chunks: Uint8Array[] = []
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value)
      if (chunks.length === 2) silence()
    }
    expectBytes(Buffer.concat(chunks), bytes)
    expect(traffic()).toEqual(['GET 200', 'GET 206', 'GET 206'])
  })

  test('that goes on elsewhere is checked as a whole, and ends when the blob is gone', async () => {
    proxy.spoil({ method: 'GET' }, { kind: 'cut-answer', afterBytes: 500 })
    proxy.spoil({ method: 'GET' }, { kind: 'flip-answer', at: 500 })
    expect(await failureOf(readStream(big))).toBeInstanceOf(AttachmentCorruptError)

    const reader = (await cut()).getReader()
    await there.store().delete(contentId(big))
    const readAll = async () => {
      while (!(await reader.read()).done);
    }
    expect((await failureOf(readAll())).message).toMatch(/download was cut after \d+ of \d+ bytes/)

    async function cut(): Promise<ReadableStream<Uint8Array>> {
      proxy.spoil({ method: 'GET' }, { kind: 'cut-answer', afterBytes: 500 })
      return (await store.stream(contentId(big))).body
    }
  })

  test.each([
    ['in one piece', small],
    ['as a stream', big],
  ])('hears its signal until its last byte has come (%s)', async (_name, bytes) => {
    const { requestHandler } = there.client.config
    // Like a handler that uses `fetch`, which may lose the signal when the garbage collector runs.
    const deaf = { ...requestHandler, handle: (request: never) => requestHandler.handle(request) }
    for (const clientConfig of [{}, { logger: {} as never }, { requestHandler: deaf }] satisfies S3ClientConfig[]) {
      const other = there.store(proxy.endpoint, { clientConfig })
      for (const afterBytes of [0, 500, bytes.byteLength - 1]) {
        proxy.spoil({ method: 'GET' }, { kind: 'stall-answer', afterBytes })
        const abort = new AbortController()
        const getting = failureOf(other.get(contentId(bytes), { signal: abort.signal }))
        await expect.poll(() => proxy.requests.map(({ status }) => status)).toEqual([200])
        proxy.reset()
        const reason = new Error('enough')
        abort.abort(reason)
        expect(await getting).toBe(reason)
      }
    }
  })

  test('gives memory that holds nothing else, also where the answers come in windows on more', async () => {
    const { requestHandler } = there.client.config
    const windows = {
      ...requestHandler,
      async handle(...given: Parameters<typeof requestHandler.handle>) {
        const { response } = await requestHandler.handle(...given)
        const body = Readable.from(response.body as Readable).map(chunk =>
          Buffer.concat([chunk, secret]).subarray(0, -9),
        )
        return { response: Object.assign(response, { body }) }
      },
    }
    const secret = Buffer.from('my-secret')
    for (const other of [store, there.store(undefined, { clientConfig: { requestHandler: windows } })]) {
      const { bytes } = await other.get(contentId(small))
      expect(bytes.buffer.byteLength).toBe(small.byteLength)
      for (const blob of [small, big]) {
        for await (const chunk of (await other.stream(contentId(blob), { start: 1 })).body) {
          expect(chunk.buffer.byteLength).toBe(chunk.byteLength)
          structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] })
        }
      }
    }
  })

  describe('of a range', () => {
    const ranges = [
      [0, 10],
      [0, 3 * MiB],
      [5, 900],
      [990, undefined],
      [2 * MiB, 2 * MiB + 5],
      [5 * MiB, 6 * MiB],
    ]

    test.each([
      ['small', small],
      ['big', big],
    ])('is cut out of the whole blob where the server ignores it (%s)', async (_name, bytes) => {
      const metadata = { 'x-amz-meta-lash-size': String(bytes.byteLength), 'x-amz-meta-lash-type': 'a%2Fb' }
      const headers = { ...metadata, 'content-length': String(bytes.byteLength) }
      proxy.spoil({ method: 'GET' }, { kind: 'answer', status: 200, body: bytes, headers }, 100)
      // Around the SDK's middleware and through it, over one connection.
      for (const config of [{}, { logger: {} as never }] satisfies S3ClientConfig[]) {
        const requestHandler: S3ClientConfig['requestHandler'] = { httpAgent: { maxSockets: 1 } }
        const other = there.store(proxy.endpoint, { clientConfig: { ...config, requestHandler } })
        for (const [start, end] of ranges) {
          const { body } = await other.stream(contentId(bytes), { start, end })
          expectBytes(await new Response(body).arrayBuffer(), bytes.slice(start, end))
        }
      }
    })

    test('is an error where the server gives another', async () => {
      proxy.spoil({ method: 'GET' }, { kind: 'change-headers', headers: { 'content-range': 'bytes 6-9/1000' } }, 9)
      const error = await failureOf(store.stream(contentId(small), { start: 5, end: 9 }))
      expect(error).toBeInstanceOf(AttachmentBackendError)
      expect(error.message).toMatch(/another range/)
    })
  })

  test('of bytes that were compressed on the way tells of the proxy, and not of damage', async () => {
    proxy.spoil({ method: 'GET' }, { kind: 'compress-answer' }, 9)
    for (const reading of [() => store.get(contentId(small)), () => readStream(big)]) {
      const error = await failureOf(reading())
      expect(error).toBeInstanceOf(AttachmentBackendError)
      expect(error.message).toMatch(/proxy.*compresses/)
    }
  })

  test.each(['content-length', 'etag', 'accept-ranges'])('without a header %s gives the bytes', async header => {
    proxy.spoil({ method: 'GET' }, { kind: 'change-headers', headers: { [header]: undefined } }, 9)
    for (const bytes of [small, big]) {
      expectBytes((await store.get(contentId(bytes))).bytes, bytes)
      const { body } = await store.stream(contentId(bytes), { start: 5, end: 900 })
      expectBytes(await new Response(body).arrayBuffer(), bytes.slice(5, 900))
    }
  })
})
