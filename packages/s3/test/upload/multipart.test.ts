import { PutObjectCommand } from '@aws-sdk/client-s3'
import { contentId } from '@lash/attachments-core'
import { expectBytes, sampleBytes } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { describeWithProxy, MiB, proxy, there } from '../server.ts'

const meta = { mediaType: 'text/plain; charset=utf-8', label: 'grüße.txt', width: 3, height: 4 }

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
