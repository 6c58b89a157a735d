import { writeFile } from 'node:fs/promises'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { join } from 'node:path'
import { GetObjectCommand, HeadObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { newFolder, sampleBytes } from '@lash/attachments-testing'
import type { SeenRequest } from '@lash/attachments-testing/s3'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { connection, describeWithProxy, failureOf, MiB, meta, proxy, there } from '../server.ts'

let client: S3Client

beforeEach(() => {
  if (connection !== undefined) client = clientOf({})
})

afterEach(() => client?.destroy())

function clientOf(config: S3ClientConfig): S3Client {
  return new S3Client({ ...there.config(proxy.endpoint), forcePathStyle: true, expectContinueHeader: false, ...config })
}

/** Method and URL of the requests through the proxy that have such headers. */
function requestsWhere(holds: (headers: SeenRequest['headers']) => boolean): string[] {
  return proxy.requests.filter(({ headers }) => holds(headers)).map(({ method, url }) => `${method} ${url}`)
}

/** Makes every call, and so each kind of request at least once. */
async function everyCall(store: S3AttachmentStore): Promise<void> {
  const small = await store.put(sampleBytes(10), meta)
  await store.put(sampleBytes(10), meta, { generation: 1 })
  const streamed = await store.put(new Blob([sampleBytes(2 * MiB)]), meta)
  const big = await store.put(sampleBytes(9 * MiB), meta)
  await store.get(small.id)
  await new Response((await store.stream(big.id, { start: 5, end: 9 })).body).arrayBuffer()
  await store.stat(small.id)
  await Array.fromAsync(store.list())
  await store.getUrl(small.id)
  await store.delete(small.id)
  await store.delete(streamed.id)
  await store.delete(big.id, { generation: 0 })
}

describeWithProxy('middleware of a client that is given', () => {
  /** Adds a header to each request, as hosts do for encryption or to pay for requests. */
  function addHeader(name: string): void {
    client.middlewareStack.add(
      next => args => {
        Object.assign((args.request as { headers: object }).headers, { [name]: 'requester' })
        return next(args)
      },
      { step: 'build', name },
    )
  }

  test.each([false, true])('is gone through by every request, cached or not (%s)', async cacheMiddleware => {
    client = clientOf({ cacheMiddleware })
    addHeader('x-amz-request-payer')
    await everyCall(there.store(undefined, { client }))
    expect(proxy.requests.length).toBeGreaterThan(10)
    expect(requestsWhere(headers => headers['x-amz-request-payer'] !== 'requester')).toEqual([])
  })

  test('is gone through also when it came after the store was made and used, until it is taken away', async () => {
    const store = there.store(undefined, { client })
    await everyCall(store)
    proxy.reset()
    addHeader('x-amz-request-payer')
    await everyCall(store)
    expect(proxy.requests.length).toBeGreaterThan(10)
    expect(requestsWhere(headers => headers['x-amz-request-payer'] !== 'requester')).toEqual([])
    expect(await store.getUrl('0'.repeat(64), { generation: 0 })).toContain('x-amz-request-payer=requester')
    proxy.reset()
    client.middlewareStack.remove('x-amz-request-payer')
    await everyCall(store)
    expect(requestsWhere(headers => 'x-amz-request-payer' in headers)).toEqual([])
  })
})

describeWithProxy('a client that is given', () => {
  test('does what it did before, also when it remembers its middleware', async () => {
    client = clientOf({ cacheMiddleware: true })
    const store = there.store(undefined, { client })
    const { id } = await store.put(sampleBytes(10), meta)
    const object = { Bucket: there.bucket, Key: there.keyOf(id) }
    await store.getUrl(id)
    const { Body } = await client.send(new GetObjectCommand(object))
    expect(await Body?.transformToByteArray()).toEqual(sampleBytes(10))
    const middleware = client.middlewareStack.identify()
    await everyCall(store)
    await store.put(sampleBytes(10), meta)
    await store.close()
    expect(client.middlewareStack.identify()).toEqual(middleware)
    await client.send(new HeadObjectCommand(object))
  })
})

describeWithProxy('checksums', () => {
  test.each<['clientConfig' | 'client']>([['clientConfig'], ['client']])(
    'that the %s asks for are sent and asked for by every request',
    async way => {
      const config: S3ClientConfig = {
        requestChecksumCalculation: 'WHEN_SUPPORTED',
        responseChecksumValidation: 'WHEN_SUPPORTED',
      }
      const given = way === 'client' ? { client: clientOf(config) } : { clientConfig: config }
      await everyCall(there.store(proxy.endpoint, given))
      const sent = requestsWhere(headers => headers['x-amz-checksum-crc32'] === undefined)
      expect(sent.filter(request => request.startsWith('PUT'))).toEqual([])
      const asked = requestsWhere(headers => headers['x-amz-checksum-mode'] !== 'ENABLED')
      expect(asked.filter(request => request.startsWith('GET') && !request.includes('list-type'))).toEqual([])
      expect(proxy.requests.length).toBeGreaterThan(10)
    },
  )
})

describeWithProxy('checksums of parts', () => {
  test.each(['WHEN_SUPPORTED', 'WHEN_REQUIRED'] as const)(
    'are announced at the beginning and repeated at the end, as AWS demands, or not made at all (%s)',
    async requestChecksumCalculation => {
      client = clientOf({ requestChecksumCalculation })
      const bodies: string[] = []
      client.middlewareStack.add(
        next => args => {
          const { body } = args.request as { body: unknown }
          if (typeof body === 'string') bodies.push(body)
          return next(args)
        },
        { step: 'build' },
      )
      const headers = { 'x-amz-checksum-crc32': 'wMlAkQ==' }
      proxy.spoil({ method: 'PUT' }, { kind: 'change-headers', headers }, 2)
      const bytes = sampleBytes(9 * MiB)
      await there.store(undefined, { client }).put(bytes, meta)
      const wanted = requestChecksumCalculation === 'WHEN_SUPPORTED'
      const algorithms = proxy.requests.map(request => request.headers['x-amz-checksum-algorithm'])
      expect(algorithms.filter(Boolean)).toEqual(wanted ? ['CRC32'] : [])
      const sent = proxy.requests.filter(request => request.headers['x-amz-checksum-crc32'] !== undefined)
      expect(sent).toHaveLength(wanted ? 2 : 0)
      expect(bodies.join().match(/<ChecksumCRC32>wMlAkQ==</g) ?? []).toHaveLength(wanted ? 2 : 0)
    },
  )
})

describe('followRegionRedirects', () => {
  test('is refused: while the SDK follows one request, it sends the others to the other region too', () => {
    const config = { region: 'us-east-1', followRegionRedirects: true }
    for (const given of [{ clientConfig: config }, { client: new S3Client(config) }]) {
      const make = () => new S3AttachmentStore({ bucket: 'my-bucket', ...given })
      expect(make).toThrow(AttachmentInvalidArgumentError)
      expect(make).toThrow(/followRegionRedirects.*set region/)
    }
  })
})

describe('an endpoint that the environment configures', () => {
  const clientConfig = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    maxAttempts: 1,
  }
  let folder: string

  beforeEach(() => {
    folder = newFolder()
  })

  afterEach(() => void vi.unstubAllEnvs())

  test.each<[string, (file: string) => Record<string, string>]>([
    ['AWS_ENDPOINT_URL', () => ({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9' })],
    [
      'AWS_ENDPOINT_URL_S3',
      () => ({ AWS_ENDPOINT_URL: 'http://127.0.0.1:8', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' }),
    ],
    ['a profile', file => ({ AWS_CONFIG_FILE: file, AWS_PROFILE: 'other' })],
  ])('by %s is the one that errors name', async (_name, environment) => {
    const file = join(folder, 'config')
    await writeFile(file, '[profile other]\nendpoint_url = http://127.0.0.1:9\n')
    for (const [name, value] of Object.entries(environment(file))) vi.stubEnv(name, value)
    // The store does not choose path-style addresses itself for the endpoint of a profile.
    const config = { ...clientConfig, forcePathStyle: true }
    for (const given of [{ clientConfig: config }, { client: new S3Client(config) }]) {
      const store = new S3AttachmentStore({ bucket: 'my-bucket', ...given })
      expect((await failureOf(store.stat('0'.repeat(64)))).message).toMatch(
        /in bucket "my-bucket" at http:\/\/127\.0\.0\.1:9: .*cannot be reached/,
      )
      await store.close()
    }
  })

  test('and that is to be ignored is not named', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9')
    const requestHandler = { handle: () => Promise.reject(new Error('no way')) } as never
    const store = new S3AttachmentStore({
      bucket: 'my-bucket',
      clientConfig: { ...clientConfig, requestHandler, ignoreConfiguredEndpointUrls: true },
    })
    expect((await failureOf(store.stat('0'.repeat(64)))).message).toContain('at AWS region us-east-1: ')
    expect(await store.getUrl('0'.repeat(64), { generation: 0 })).toMatch(
      /^https:\/\/my-bucket\.s3\.us-east-1\.amazonaws/,
    )
    await store.close()
  })
})

describe('connections', () => {
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' }
  const config = { region: 'us-east-1', credentials, maxAttempts: 1 }

  test.each<[string, (ended: () => void) => NonNullable<S3ClientConfig['requestHandler']>]>([
    ['a handler', destroy => Object.assign(new S3Client(config).config.requestHandler, { destroy })],
    ['an agent for http', destroy => ({ httpAgent: Object.assign(new HttpAgent(), { destroy }) })],
    ['an agent for https', destroy => ({ httpsAgent: Object.assign(new HttpsAgent(), { destroy }) })],
  ])('of %s that is given stay open on close: others may use them', async (_name, handlerOf) => {
    let ended = false
    const requestHandler = handlerOf(() => {
      ended = true
    })
    for (const endpoint of ['http://127.0.0.1:9', 'https://127.0.0.1:9']) {
      const clientConfig = { ...config, endpoint, requestHandler }
      const store = new S3AttachmentStore({ bucket: 'my-bucket', clientConfig })
      await failureOf(store.stat('0'.repeat(64)))
      await store.close()
    }
    expect(ended).toBe(false)
  })
})
