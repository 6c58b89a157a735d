import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { HeadBucketCommand, type S3ClientConfig } from '@aws-sdk/client-s3'
import {
  AttachmentBackendError,
  AttachmentCorruptError,
  AttachmentNotFoundError,
  contentId,
} from '@lash/attachments-core'
import type { S3AttachmentStore } from '@lash/attachments-s3'
import { type S3Fault, S3FaultProxy, type SeenRequest, uploads } from '@lash/attachments-testing/s3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleBytes } from '../sample-bytes.ts'
import { connection, describeWithProxy, describeWithServer, expectBytes, failureOf, TestPrefix } from '../server.ts'

const meta = { mediaType: 'application/octet-stream' }
const MiB = 1024 * 1024
const multipart = { partBytes: 5 * MiB, concurrency: 2 }
let there: TestPrefix
let proxy: S3FaultProxy
let store: S3AttachmentStore

beforeEach(async () => {
  if (connection === undefined) return
  there = new TestPrefix()
  proxy = await S3FaultProxy.start(connection.endpoint)
  store = there.store(proxy.endpoint, { multipart })
})

afterEach(async () => {
  await there?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
})

/** Method and status of what went through the proxy since it was asked last. */
function traffic(): string[] {
  return proxy.requests.splice(0).map(request => `${request.method} ${request.status ?? '-'}`)
}

async function isStored(bytes: Uint8Array): Promise<void> {
  expectBytes((await there.store().get(contentId(bytes))).bytes, bytes)
}

async function isAbsent(bytes: Uint8Array): Promise<void> {
  expect(await there.store().stat(contentId(bytes))).toBeUndefined()
}

describeWithProxy('a put', () => {
  const bytes = sampleBytes(100_000)

  test.each<[string, S3Fault]>([
    ['SlowDown', { kind: 'answer', status: 503, code: 'SlowDown' }],
    ['an internal error', { kind: 'answer', status: 500, code: 'InternalError' }],
    ['a cut connection', { kind: 'cut-request', afterBytes: 50_000 }],
    ['a connection cut before a byte', { kind: 'cut-request', afterBytes: 0 }],
    ['a lost answer', { kind: 'lose-answer' }],
    ['a repeated request', { kind: 'repeat' }],
    ['a conflict', { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' }],
    ['a delay', { kind: 'delay', ms: 20 }],
  ])('gets over %s', async (_name, fault) => {
    proxy.spoil({ method: 'PUT' }, fault)
    const { id } = await store.put(bytes, meta)
    await isStored(bytes)
    expect((await Array.fromAsync(store.list())).map(blob => blob.id)).toEqual([id])
  })

  test.each<[string, S3Fault, RegExp]>([
    ['an overloaded server', { kind: 'answer', status: 503, code: 'SlowDown' }, /overloaded.*SlowDown 503/],
    ['a server that cuts every connection', { kind: 'cut-request', afterBytes: 50_000 }, /connection was cut/],
    ['bytes changed on the way', { kind: 'flip-request', at: 5 }, /changed on the way.*stored nothing/],
    ['a server without space', { kind: 'answer', status: 507, code: 'QuotaExceeded' }, /no space left/],
    [
      'a redirect',
      { kind: 'answer', status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-9' } },
      /region.*in region eu-west-9/,
    ],
    [
      'another region',
      { kind: 'answer', status: 400, code: 'AuthorizationHeaderMalformed' },
      /region or the endpoint is not that of the bucket/,
    ],
    ['denied access', { kind: 'answer', status: 403, code: 'AccessDenied' }, /access denied.*s3:PutObject/],
    ['a wrong clock', { kind: 'answer', status: 403, code: 'RequestTimeTooSkewed' }, /clock of this machine/],
    ['an expired token', { kind: 'answer', status: 400, code: 'ExpiredToken' }, /credentials have expired/],
  ])('tells clearly of %s, and nothing is stored', async (_name, fault, message) => {
    proxy.spoil({ method: 'PUT' }, fault, 20)
    const error = await failureOf(store.put(bytes, meta))
    expect(error).toBeInstanceOf(AttachmentBackendError)
    expect(error.message).toMatch(message)
    expect(error.message).toContain(`"${there.bucket}" at ${proxy.endpoint}`)
    expect(inspect(error, { depth: 20 })).not.toContain(there.secret)
    await isAbsent(bytes)
  })

  test('learns that a server has no conditional writes, and remembers it', async () => {
    await store.put(sampleBytes(20), meta)
    proxy.reset()
    proxy.spoil({ method: 'PUT' }, { kind: 'answer', status: 501, code: 'NotImplemented' })
    await store.put(bytes, meta)
    expect(traffic()).toEqual(['PUT 501', 'HEAD 404', 'PUT 200'])
    await store.put(sampleBytes(10), meta)
    expect(traffic()).toEqual(['HEAD 404', 'PUT 200'])
  })

  test('ends when the server hangs, with the reason when it is aborted', async () => {
    proxy.spoil({}, { kind: 'hang' }, 20)
    const abort = new AbortController()
    const putting = failureOf(store.put(bytes, meta, { signal: abort.signal }))
    await expect.poll(() => proxy.requests.length).toBe(1)
    const reason = new Error('enough')
    abort.abort(reason)
    expect(await putting).toBe(reason)
    await expect.poll(() => proxy.requests[0]?.dropped).toBe(true)

    const requestHandler: S3ClientConfig['requestHandler'] = { requestTimeout: 50 }
    const hasty = there.store(proxy.endpoint, { clientConfig: { requestHandler, maxAttempts: 1 } })
    expect((await failureOf(hasty.put(bytes, meta))).message).toMatch(/did not answer in time/)
  })
})

describeWithProxy('a put in parts', () => {
  const bytes = sampleBytes(11 * MiB)
  const parts = { method: 'PUT', url: 'partNumber=2' }
  const complete = { method: 'POST', url: 'uploadId=' }
  const cut200 = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>late</Message></Error>'

  test.each<[string, { method: string; url: string }, S3Fault]>([
    ['a part that fails once', parts, { kind: 'answer', status: 503, code: 'SlowDown' }],
    ['a part that is cut', parts, { kind: 'cut-request', afterBytes: MiB }],
    ['a part that comes twice', parts, { kind: 'repeat' }],
    ['a lost answer to a part', parts, { kind: 'lose-answer' }],
    ['a lost answer to the completion', complete, { kind: 'lose-answer' }],
    ['a completion that comes twice', complete, { kind: 'repeat' }],
    ['a completion that fails with status 200', complete, { kind: 'answer', status: 200, body: cut200 }],
  ])('gets over %s', async (_name, target, fault) => {
    proxy.spoil(target, fault)
    await store.put(new Blob([bytes]), meta)
    await isStored(bytes)
    expect(await uploads(there.client, there.bucket, there.prefix)).toEqual([])
  })

  test.each<[string, { method: string; url: string }, S3Fault]>([
    ['a part that cannot be sent', parts, { kind: 'answer', status: 403, code: 'AccessDenied' }],
    ['a part that is changed on the way', parts, { kind: 'flip-request', at: 5 }],
    ['a completion that is refused', complete, { kind: 'answer', status: 400, code: 'InvalidPart' }],
  ])('is aborted after %s: nothing to see, and no upload left', async (_name, target, fault) => {
    proxy.spoil(target, fault, 20)
    expect(await failureOf(store.put(new Blob([bytes]), meta))).toBeInstanceOf(AttachmentBackendError)
    await isAbsent(bytes)
    expect(await uploads(there.client, there.bucket, there.prefix)).toEqual([])
  })

  test('is aborted by its signal: nothing to see, and no upload left', async () => {
    proxy.spoil(parts, { kind: 'hang' }, 20)
    const abort = new AbortController()
    const putting = failureOf(store.put(new Blob([bytes]), meta, { signal: abort.signal }))
    await expect.poll(() => proxy.requests.some(request => request.url.includes('partNumber=2'))).toBe(true)
    const reason = new Error('enough')
    abort.abort(reason)
    expect(await putting).toBe(reason)
    await expect.poll(() => uploads(there.client, there.bucket, there.prefix)).toEqual([])
    await isAbsent(bytes)
  })
})

describeWithProxy('a put that waits for memory to send from', () => {
  const narrow = { multipart: { partBytes: 5 * MiB, concurrency: 1 } }
  const small = sampleBytes(2 * MiB, 3)

  /** Waits until such a request has been answered, or has come to hang, since the last that was waited for. */
  async function seen(request: string): Promise<void> {
    const isIt = ({ method, status }: SeenRequest) => `${method} ${status ?? '-'}` === request
    await expect.poll(() => proxy.requests.some(isIt)).toBe(true)
    proxy.requests.length = 0
  }

  test.each([
    ['in one request', 4 * MiB],
    ['in parts', 9 * MiB],
  ])('ends with the reason of its abort, and is in nobody’s way (%s)', async (_name, byteLength) => {
    const narrowStore = there.store(proxy.endpoint, narrow)
    proxy.spoil({ method: 'PUT' }, { kind: 'hang' })
    const first = new AbortController()
    const holding = failureOf(narrowStore.put(new Blob([sampleBytes(3 * MiB)]), meta, { signal: first.signal }))
    await seen('PUT -')
    const second = new AbortController()
    const bytes = sampleBytes(byteLength, 2)
    const waiting = failureOf(narrowStore.put(new Blob([bytes]), meta, { signal: second.signal }))
    await seen(byteLength > 5 * MiB ? 'POST 200' : 'HEAD 404')
    const third = narrowStore.put(new Blob([small]), meta)
    await seen('HEAD 404')
    const reason = new Error('enough')
    second.abort(reason)
    expect(await waiting).toBe(reason)
    await third
    await isStored(small)
    await isAbsent(bytes)
    expect(await uploads(there.client, there.bucket, there.prefix)).toEqual([])
    first.abort(reason)
    expect(await holding).toBe(reason)
  })
})

describeWithProxy('a process that is killed', () => {
  test('in a put in parts leaves nothing to see, and the bytes can be put again', async () => {
    const bytes = sampleBytes(11 * MiB)
    proxy.spoil({ method: 'PUT', url: 'partNumber=2' }, { kind: 'hang' })
    const program = `
      import { S3AttachmentStore } from '@lash/attachments-s3'
      import { sampleBytes } from ${JSON.stringify(new URL('../sample-bytes.ts', import.meta.url).href)}
      const store = new S3AttachmentStore(${JSON.stringify({ ...there.options(proxy.endpoint), multipart })})
      await store.put(new Blob([sampleBytes(${bytes.byteLength})]), ${JSON.stringify(meta)})`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
      stdio: 'ignore',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const gone = once(child, 'exit')
    await expect
      .poll(() => proxy.requests.filter(({ url }) => url.includes('partNumber=')).length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(2)
    child.kill('SIGKILL')
    await gone
    expect(await uploads(there.client, there.bucket, there.prefix)).toHaveLength(1)
    await isAbsent(bytes)
    expect(await Array.fromAsync(store.list())).toEqual([])
    await store.put(new Blob([bytes]), meta)
    await isStored(bytes)
  })
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
    // A big one goes on where it was cut, and is cut again before a byte.
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
    // With one connection in all, the next request waits for ever when it is not.
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

  test('goes on after its connection was lost while nobody read', async () => {
    const bytes = sampleBytes(16 * MiB)
    const { id } = await there.store().put(bytes, meta)
    const requestHandler: S3ClientConfig['requestHandler'] = { socketTimeout: 100 }
    const hasty = there.store(proxy.endpoint, { clientConfig: { requestHandler } })
    const reader = (await hasty.stream(id)).body.getReader()
    const lost = (nth: number) => expect.poll(() => proxy.requests[nth]?.dropped).toBe(true)
    await lost(0)
    const chunks: Uint8Array[] = []
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value)
      if (chunks.length === 2) await lost(1)
    }
    expectBytes(Buffer.concat(chunks), bytes)
    expect(proxy.requests.map(({ status }) => status)).toEqual([200, 206, 206])
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
    // As one that uses `fetch`, which may forget the signal when the garbage collector runs.
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
      // By the short way and by the SDK's, over one connection.
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

describeWithProxy('what is not an S3 server', () => {
  const bytes = sampleBytes(100)
  const page: S3Fault = { kind: 'answer', status: 200, body: '<!doctype html><p>Please log in</p>' }
  const nothing: S3Fault = { kind: 'answer', status: 200, body: '' }

  test.each([
    ['a page', page],
    ['nothing', nothing],
  ])('and answers everything with %s stores nothing, and holds nothing that is absent', async (_name, fault) => {
    proxy.spoil({}, fault, 100)
    for (const clientConfig of [{}, { logger: {} as never }]) {
      const other = there.store(proxy.endpoint, { clientConfig })
      for (const body of [bytes, new Blob([sampleBytes(2 * MiB)]), sampleBytes(9 * MiB)]) {
        expect(await failureOf(other.put(body, meta))).toBeInstanceOf(AttachmentBackendError)
      }
      expect(await failureOf(Array.fromAsync(other.list()))).toBeInstanceOf(AttachmentBackendError)
      expect(await failureOf(other.get(contentId(bytes)))).not.toBeInstanceOf(AttachmentNotFoundError)
    }
  })

  test('is not what a server is that gives no ETag', async () => {
    proxy.spoil({ method: 'PUT' }, { kind: 'change-headers', headers: { etag: undefined } }, 9)
    await store.put(bytes, meta)
    await isStored(bytes)
  })

  test.each([301, 302, 307, 308])('but redirects to one is told of with the address (%s)', async status => {
    const headers = { location: 'https://user:my-password@s3.example.com/x?X-Amz-Signature=my-signature' }
    proxy.spoil({}, { kind: 'answer', status, body: '', headers }, 100)
    for (const call of [
      () => store.put(bytes, meta),
      () => store.get(contentId(bytes)),
      () => store.stat(contentId(bytes)),
    ]) {
      const error = await failureOf(call())
      expect(error).toBeInstanceOf(AttachmentBackendError)
      expect(error.message).toMatch(/endpoint.*redirects to https:\/\/s3\.example\.com \(/)
    }
  })
})

describeWithProxy('a server', () => {
  const id = contentId(sampleBytes(1))
  const calls: Record<string, (store: S3AttachmentStore) => Promise<unknown>> = {
    put: store => store.put(sampleBytes(1), meta),
    'put of a big stream': store => store.put(new Blob([sampleBytes(2 * MiB)]), meta),
    get: store => store.get(id),
    stat: store => store.stat(id),
    list: store => Array.fromAsync(store.list()),
    delete: store => store.delete(id, { generation: 0 }),
    getUrl: store => store.getUrl(id),
  }
  const badSecret = { credentials: { accessKeyId: connection?.accessKeyId ?? '', secretAccessKey: 'my-wrong-secret' } }
  const badKey = { credentials: { accessKeyId: 'nobody', secretAccessKey: 'my-wrong-secret' } }

  test.each<[string, { bucket?: string; clientConfig?: S3ClientConfig; endpoint?: string }, RegExp]>([
    ['without the bucket', { bucket: 'there-is-no-such-bucket' }, /the bucket does not exist/],
    ['that knows another secret', { clientConfig: badSecret }, /secret access key is wrong/],
    ['that does not know the key', { clientConfig: badKey }, /does not know the access key id/],
    ['that is dead', { endpoint: 'http://127.0.0.1:9' }, /cannot be reached.*ECONNREFUSED/],
    ['that has no name', { endpoint: 'http://nowhere.invalid' }, /cannot be reached/],
    ['that does not speak TLS', { endpoint: connection?.endpoint.replace('http:', 'https:') ?? '' }, /TLS connection/],
  ])('%s is told of by every call, and never as absence', async (_name, { endpoint, ...options }, message) => {
    const other = there.store(endpoint, { ...options, clientConfig: { ...options.clientConfig, maxAttempts: 1 } })
    for (const [name, call] of Object.entries(calls)) {
      const error = await failureOf(call(other))
      expect(error, name).toBeInstanceOf(AttachmentBackendError)
      expect(error.message, name).toMatch(message)
      expect(error.cause, name).toBeDefined()
      expect(inspect(error, { depth: 20 })).not.toMatch(new RegExp(`${there.secret}|my-wrong-secret`))
    }
  })

  test('without batch deletes gets single ones, and is asked for a batch once', async () => {
    const put = () => Promise.all([1, 2, 3].map(async seed => (await store.put(sampleBytes(10, seed), meta)).id))
    const remove = (ids: string[]) => Promise.all(ids.map(id => store.delete(id, { generation: 0 })))
    proxy.spoil({ method: 'POST' }, { kind: 'answer', status: 501, code: 'NotImplemented' })
    const ids = await put()
    traffic()
    await remove(ids)
    expect(traffic()).toEqual(['POST 501', 'DELETE 204', 'DELETE 204', 'DELETE 204'])
    await put()
    traffic()
    await remove(ids)
    expect(traffic()).toEqual(['DELETE 204', 'DELETE 204', 'DELETE 204'])
    expect(await Array.fromAsync(store.list())).toEqual([])
  })

  test('that refuses some keys of a batch is not taken to have deleted them', async () => {
    const body =
      '<?xml version="1.0"?><DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code></Error></DeleteResult>'
    proxy.spoil({ method: 'POST' }, { kind: 'answer', status: 200, body })
    for (const generation of [0, 1]) await store.put(sampleBytes(10), meta, { generation })
    const error = await failureOf(store.delete(contentId(sampleBytes(10))))
    expect(error).toBeInstanceOf(AttachmentBackendError)
    expect(error.message).toMatch(/1 of 2 objects were not deleted.*AccessDenied/)
  })
})

describe('credentials', () => {
  test('that are missing are told of', async () => {
    if (connection === undefined) return
    const credentials = async () =>
      Promise.reject(Object.assign(new Error('none'), { name: 'CredentialsProviderError' }))
    const error = await failureOf(
      there.store(undefined, { clientConfig: { credentials } }).stat(contentId(sampleBytes(1))),
    )
    expect(error.message).toMatch(/no credentials were found.*AWS_ACCESS_KEY_ID/)
    const undefinedOnes = { accessKeyId: undefined, secretAccessKey: undefined } as never
    const other = await failureOf(
      there
        .store(undefined, { clientConfig: { credentials: undefinedOnes } })
        .list()
        .next(),
    )
    expect(other.message).toMatch(/no credentials were found.*AWS_ACCESS_KEY_ID/)
  })
})

describeWithServer('an abort', () => {
  const never = () => new Promise<never>(() => {})
  const id = contentId(sampleBytes(1))
  const calls: Record<string, (store: S3AttachmentStore, signal: AbortSignal) => Promise<unknown>> = {
    put: (store, signal) => store.put(sampleBytes(1), meta, { signal }),
    'put of a stream': (store, signal) => store.put(new Blob([sampleBytes(2 * MiB)]), meta, { signal }),
    'put in parts': (store, signal) => store.put(sampleBytes(9 * MiB), meta, { signal }),
    get: (store, signal) => store.get(id, { signal }),
    stream: (store, signal) => store.stream(id, { signal }),
    stat: (store, signal) => store.stat(id, { signal }),
    list: (store, signal) => Array.fromAsync(store.list({ signal })),
    delete: (store, signal) => store.delete(id, { signal }),
    'delete of a generation': (store, signal) => store.delete(id, { signal, generation: 0 }),
    getUrl: (store, signal) => store.getUrl(id, { signal }),
    'getUrl of a generation': (store, signal) => store.getUrl(id, { signal, generation: 0 }),
  }

  test.each<[string, S3ClientConfig]>([
    ['credentials', { credentials: never }],
    ['a region', { region: never, credentials: async () => Promise.reject(new Error('none')) }],
    ['an endpoint', { endpoint: never }],
  ])('is heard while the client waits for %s, with its reason and by every call', async (_name, clientConfig) => {
    for (const [name, call] of Object.entries(calls)) {
      const abort = new AbortController()
      const calling = failureOf(call(there.store(undefined, { clientConfig }), abort.signal))
      // Far enough for the call to wait for what never comes.
      await there.client.send(new HeadBucketCommand({ Bucket: there.bucket }))
      const reason = new Error('enough')
      abort.abort(reason)
      expect(await calling, name).toBe(reason)
    }
  })
})
