import { HeadBucketCommand, type S3ClientConfig } from '@aws-sdk/client-s3'
import { contentId } from '@lash/attachments-core'
import type { S3AttachmentStore } from '@lash/attachments-s3'
import { sampleBytes } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { describeWithServer, failureOf, MiB, meta, there } from '../server.ts'

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
    createUpload: (store, signal) => store.createUpload({ id, byteLength: 1, ...meta, signal }),
    confirmUpload: (store, signal) => store.confirmUpload(`${'a'.repeat(43)}.${id}`, store, { signal }),
  }

  test.each<[string, S3ClientConfig]>([
    ['credentials', { credentials: never }],
    ['a region', { region: never, credentials: async () => Promise.reject(new Error('none')) }],
    ['an endpoint', { endpoint: never }],
  ])('is heard while the client waits for %s, with its reason and by every call', async (_name, clientConfig) => {
    for (const [name, call] of Object.entries(calls)) {
      const abort = new AbortController()
      const calling = failureOf(call(there.store(undefined, { clientConfig }), abort.signal))
      // Gives the call time to get to the wait that never ends.
      await there.client.send(new HeadBucketCommand({ Bucket: there.bucket }))
      const reason = new Error('enough')
      abort.abort(reason)
      expect(await calling, name).toBe(reason)
    }
  })
})
