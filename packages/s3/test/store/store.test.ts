import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { AttachmentInvalidArgumentError, AttachmentNotFoundError, contentId } from '@lash/attachments-core'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { S3FaultProxy } from '@lash/attachments-testing/s3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleBytes } from '../sample-bytes.ts'
import { connection, describeWithProxy, describeWithServer, expectBytes, failureOf, TestPrefix } from '../server.ts'

const meta = { mediaType: 'text/plain; charset=utf-8', label: 'grüße.txt', width: 3, height: 4 }
const MiB = 1024 * 1024
let there: TestPrefix
let proxy: S3FaultProxy

beforeEach(async () => {
  if (connection === undefined) return
  there = new TestPrefix()
  proxy = await S3FaultProxy.start(connection.endpoint)
})

afterEach(async () => {
  await there?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
})

/** The methods of what went through the proxy since it was asked last. */
function methods(): string[] {
  return proxy.requests.splice(0).map(request => request.method)
}

describeWithServer('objects', () => {
  test('stand under the prefix, with their media type and metadata', async () => {
    const bytes = sampleBytes(100)
    const { id } = await there.store().put(bytes, meta)
    const key = there.keyOf(id)
    const head = await there.client.send(new HeadObjectCommand({ Bucket: there.bucket, Key: key }))
    expect(head.ContentType).toBe(meta.mediaType)
    expect(head.ContentLength).toBe(100)
    expect(head.Metadata).toEqual({
      'lash-size': '100',
      'lash-type': 'text%2Fplain%3B%20charset%3Dutf-8',
      'lash-width': '3',
      'lash-height': '4',
      'lash-label': '=Z3LDvMOfZS50eHQ',
    })
  })

  test.each([
    ['of 800 bytes', `${'a'.repeat(757)}/`],
    ['of odd characters', 'a b/%41+?#&=\'"<>[]{}|\\^`~!$@:;,*()/\u00e9\u{1F5FA}\u2028\uFFFD./'],
    ['without a slash at the end', 'a'],
  ])('stand under a prefix %s, whatever their size', async (_name, odd) => {
    for (const direct of [{}, { client: there.client }]) {
      const store = there.store(undefined, { prefix: there.prefix + odd, ...direct })
      const bodies = [sampleBytes(100), sampleBytes(9 * MiB)]
      for (const bytes of bodies) {
        const { id } = await store.put(bytes, meta)
        const answer = await fetch(await store.getUrl(id))
        expectBytes(await answer.arrayBuffer(), bytes)
        expectBytes((await store.get(id)).bytes, bytes)
      }
      expect((await Array.fromAsync(store.list())).map(blob => blob.id).sort()).toEqual(bodies.map(contentId).sort())
      for (const bytes of bodies) await store.delete(contentId(bytes))
      expect(await Array.fromAsync(store.list())).toEqual([])
    }
  })

  test('that others put beside ours are not listed', async () => {
    const store = there.store()
    const { id } = await store.put(sampleBytes(10), meta)
    const foreign = ['sha256/readme.txt', `sha256/zz/${id}`, `sha256/${id.slice(0, 2)}/${id}.json`, `other/${id}`]
    for (const name of foreign) {
      await there.client.send(new PutObjectCommand({ Bucket: there.bucket, Key: there.prefix + name, Body: 'x' }))
    }
    expect((await Array.fromAsync(store.list())).map(blob => blob.id)).toEqual([id])
  })
})

describeWithProxy('requests', () => {
  test('a new small blob costs one PUT, which carries its id as the signed hash of the body', async () => {
    const store = there.store(proxy.endpoint)
    const { id } = await store.put(sampleBytes(1000), meta)
    expect(proxy.requests).toHaveLength(1)
    expect(proxy.requests[0]?.headers['x-amz-content-sha256']).toBe(id)
    expect(proxy.requests[0]?.headers['if-none-match']).toBe('*')
  })

  test('nothing goes up for bytes that this store has put before, and nothing for big ones that are there', async () => {
    const store = there.store(proxy.endpoint)
    const other = there.store()
    await store.put(sampleBytes(1000), meta)
    await other.put(sampleBytes(2 * MiB), meta)
    methods()
    await store.put(sampleBytes(1000), meta)
    await store.put(sampleBytes(2 * MiB), meta)
    expect(methods()).toEqual(['HEAD', 'HEAD'])
  })

  test('a small blob that another writer put is found by the 412, and keeps its metadata', async () => {
    const store = there.store(proxy.endpoint)
    const { id } = await there.store().put(sampleBytes(1000), { mediaType: 'first/one' })
    await store.put(sampleBytes(1000), meta)
    expect(methods()).toEqual(['PUT', 'HEAD'])
    expect((await store.stat(id))?.mediaType).toBe('first/one')
  })

  test.each([
    ['shorter', { Body: sampleBytes(999) }],
    ['without metadata', { Body: sampleBytes(1000) }],
  ])('an object that is %s is replaced', async (_name, damaged) => {
    const bytes = sampleBytes(1000)
    const id = contentId(bytes)
    await there.client.send(new PutObjectCommand({ Bucket: there.bucket, Key: there.keyOf(id), ...damaged }))
    const store = there.store(proxy.endpoint)
    await store.put(bytes, meta)
    expect(methods()).toEqual(['PUT', 'HEAD', 'PUT'])
    expectBytes((await store.get(id)).bytes, bytes)
  })

  test('many deletes are few requests', async () => {
    const store = there.store(proxy.endpoint)
    const ids = await Promise.all([1, 2, 3, 4, 5].map(async seed => (await store.put(sampleBytes(10, seed), meta)).id))
    methods()
    await Promise.all(ids.map(id => store.delete(id, { generation: 0 })))
    expect(methods()).toEqual(['POST'])
    expect(await Array.fromAsync(store.list())).toEqual([])
  })

  test('a client that is given stays as it is and open', async () => {
    const client = new S3Client({ ...there.config(), forcePathStyle: true })
    const middleware = client.middlewareStack.identify()
    const store = there.store(undefined, { client })
    const { id } = await store.put(sampleBytes(10), meta)
    await store.put(sampleBytes(9 * MiB), meta)
    await store.close()
    expect(client.middlewareStack.identify()).toEqual(middleware)
    await client.send(new HeadObjectCommand({ Bucket: there.bucket, Key: there.keyOf(id) }))
    client.destroy()
  })
})

describeWithProxy('big bodies', () => {
  test('go up in parts, each with its hash, and come back', async () => {
    const store = there.store(proxy.endpoint, { multipart: { partBytes: 5 * MiB, concurrency: 2 } })
    const bytes = sampleBytes(12 * MiB)
    for (const body of [bytes, new Blob([bytes])]) {
      const { id } = await store.put(body, meta)
      const parts = proxy.requests.filter(request => request.url.includes('partNumber='))
      expect(parts.map(part => part.bodyBytes).sort()).toEqual([2 * MiB, 5 * MiB, 5 * MiB])
      for (const part of parts) expect(part.headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/)
      const stored = await store.get(id)
      expectBytes(stored.bytes, bytes)
      expect(stored.meta).toEqual({ id, byteLength: 12 * MiB, ...meta })
      await store.delete(id)
      proxy.reset()
    }
  })

  test('replace an object of the wrong length', async () => {
    const bytes = sampleBytes(9 * MiB)
    const damaged = { Bucket: there.bucket, Key: there.keyOf(contentId(bytes)), Body: bytes.slice(0, 100) }
    await there.client.send(new PutObjectCommand(damaged))
    const store = there.store()
    const { id } = await store.put(bytes, meta)
    expectBytes((await store.get(id)).bytes, bytes)
  })

  test('of many puts at once take turns in the memory for parts', async () => {
    const store = there.store(undefined, { multipart: { partBytes: 5 * MiB, concurrency: 2 } })
    const bodies = [1, 2, 3, 4].map(seed => new Blob([sampleBytes(6 * MiB, seed)]))
    const refs = await Promise.all(bodies.map(body => store.put(body, meta)))
    for (const [index, { id }] of refs.entries()) {
      expectBytes((await store.get(id)).bytes, sampleBytes(6 * MiB, index + 1))
    }
  })
})

describeWithServer('ranges', () => {
  test.each([
    [0, 10],
    [5, 2000],
    [999, 1000],
    [1000, 1001],
    [5000, 6000],
    [7, 7],
    [0, undefined],
    [990, undefined],
  ])('%s to %s is what slice gives', async (start, end) => {
    const bytes = sampleBytes(1000)
    const store = there.store()
    const { id } = await store.put(bytes, meta)
    const { body } = await store.stream(id, { start, end })
    expectBytes(await new Response(body).arrayBuffer(), bytes.slice(start, end))
  })
})

describeWithServer('URLs', () => {
  test('give the bytes with their media type to anybody, to be saved', async () => {
    const store = there.store()
    const { id } = await store.put(sampleBytes(50), meta)
    const answer = await fetch(await store.getUrl(id))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe(meta.mediaType)
    expect(answer.headers.get('content-disposition')).toBe('attachment')
    expectBytes(await answer.arrayBuffer(), sampleBytes(50))
  })

  test('give ranges, a disposition of choice, and a generation', async () => {
    const store = there.store()
    const { id } = await store.put(sampleBytes(50), meta, { generation: 3 })
    const contentDisposition = { type: 'inline', filename: "it's – ok+ &/?.png" } as const
    for (const options of [{ contentDisposition }, { contentDisposition, generation: 3 }]) {
      const answer = await fetch(await store.getUrl(id, options), { headers: { range: 'bytes=10-19' } })
      expect(answer.status).toBe(206)
      expect(answer.headers.get('content-disposition')).toContain(
        "filename*=UTF-8''it%27s%20%E2%80%93%20ok%2B%20%26_%3F.png",
      )
      expectBytes(await answer.arrayBuffer(), sampleBytes(50).slice(10, 20))
    }
  })

  test('are refused when changed or for longer than a week, and there is none for what is not there', async () => {
    const store = there.store()
    const { id } = await store.put(sampleBytes(50), meta)
    const url = await store.getUrl(id, { expiresInSeconds: 60 })
    expect(url).toContain('X-Amz-Expires=60')
    expect(url).not.toContain(there.secret)
    expect((await fetch(url.replace('attachment', 'inline'))).status).toBe(403)
    for (const seconds of [0, -1, 1.5, 604_801, Number.NaN]) {
      for (const options of [{ expiresInSeconds: seconds }, { expiresIn: seconds }]) {
        expect(await failureOf(store.getUrl(id, options))).toBeInstanceOf(AttachmentInvalidArgumentError)
      }
    }
    expect(await failureOf(store.getUrl(contentId(sampleBytes(9))))).toBeInstanceOf(AttachmentNotFoundError)
    expect(await failureOf(store.getUrl('../x'))).toBeInstanceOf(AttachmentNotFoundError)
  })

  test('take how long they are good also by the name of the AWS presigner, and not by both', async () => {
    const store = there.store()
    const options = { generation: 0, expiresIn: 60 }
    expect(await store.getUrl(contentId(sampleBytes(1)), options)).toContain('X-Amz-Expires=60')
    const both = failureOf(store.getUrl(contentId(sampleBytes(1)), { ...options, expiresInSeconds: 60 }))
    expect(await both).toBeInstanceOf(AttachmentInvalidArgumentError)
  })

  test('need a signer that can sign them', async () => {
    const signer = { sign: async (request: unknown) => request }
    const store = there.store(undefined, { clientConfig: { signer: signer as never } })
    const error = await failureOf(store.getUrl(contentId(sampleBytes(1)), { generation: 0 }))
    expect(error.message).toMatch(/signer.*cannot sign URLs/)
  })

  test('are signed with a session token when there is one', async () => {
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'a+token/=' }
    const store = new S3AttachmentStore({ bucket: 'some-bucket', clientConfig: { region: 'eu-west-1', credentials } })
    const url = new URL(await store.getUrl(contentId(sampleBytes(1)), { generation: 0 }))
    expect(url.host).toBe('some-bucket.s3.eu-west-1.amazonaws.com')
    expect(url.searchParams.get('X-Amz-Security-Token')).toBe('a+token/=')
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host')
    expect(url.searchParams.get('X-Amz-Credential')).toMatch(/^key\/\d{8}\/eu-west-1\/s3\/aws4_request$/)
    await store.close()
  })
})
