import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { contentId } from '@lash/attachments-core'
import { expectBytes, sampleBytes } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { describeWithProxy, describeWithServer, MiB, proxy, there } from '../server.ts'

const meta = { mediaType: 'text/plain; charset=utf-8', label: 'grüße.txt', width: 3, height: 4 }

/** The method of each request that went through the proxy since the last call. */
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

  test('nothing goes up for bytes that this store put before, and nothing for big ones that are there', async () => {
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
