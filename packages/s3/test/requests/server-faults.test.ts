import { inspect } from 'node:util'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { AttachmentBackendError, AttachmentNotFoundError, contentId } from '@lash/attachments-core'
import type { S3AttachmentStore } from '@lash/attachments-s3'
import { sampleBytes } from '@lash/attachments-testing'
import type { S3Fault } from '@lash/attachments-testing/s3'
import { beforeEach, describe, expect, test } from 'vitest'
import { connection, describeWithProxy, expectStored, failureOf, MiB, meta, proxy, there, traffic } from '../server.ts'

let store: S3AttachmentStore

beforeEach(() => {
  store = there?.store(proxy.endpoint)
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
    await expectStored(bytes)
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

  test('that refuses some keys of a batch is not taken to have deleted them: they are deleted one by one', async () => {
    const body =
      '<?xml version="1.0"?><DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code></Error></DeleteResult>'
    proxy.spoil({ method: 'POST' }, { kind: 'answer', status: 200, body })
    for (const generation of [0, 1]) await store.put(sampleBytes(10), meta, { generation })
    await store.delete(contentId(sampleBytes(10)))
    expect(await Array.fromAsync(store.list())).toEqual([])
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
