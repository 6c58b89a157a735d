import { randomUUID } from 'node:crypto'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { type AttachmentStore, contentId } from '@lash/attachments-core'
import { S3AttachmentStore, type S3AttachmentStoreOptions } from '@lash/attachments-s3'
import { expectBytes } from '@lash/attachments-testing'
import { removeAll, type S3Connection, S3FaultProxy, s3FromEnvironment } from '@lash/attachments-testing/s3'
import { afterEach, beforeEach, describe, expect } from 'vitest'

export const meta = { mediaType: 'application/octet-stream' }
export const MiB: number = 1024 * 1024

/** The S3 server of the test run. Without one, which the start of the run reports, tests that need it are skipped. */
export const connection: S3Connection | undefined = s3FromEnvironment()

export const describeWithServer: (name: string, suite: () => void) => void =
  connection === undefined ? describe.skip : describe

/** For tests that use the fault proxy, which speaks plain HTTP only. */
export const describeWithProxy: (name: string, suite: () => void) => void = connection?.endpoint.startsWith('http:')
  ? describe
  : describe.skip

/** A prefix of a test on the server, and the stores that the test opens over it. Disposing removes the objects. */
export class TestPrefix implements AsyncDisposable {
  readonly prefix = `test/${randomUUID()}/`
  readonly bucket: string
  readonly client: S3Client
  readonly secret: string
  readonly #server: S3Connection
  readonly #stores: AttachmentStore[] = []

  constructor() {
    if (connection === undefined) throw new Error('there is no S3 server')
    this.#server = connection
    this.bucket = connection.bucket
    this.secret = connection.secretAccessKey
    this.client = new S3Client({ ...this.config(), forcePathStyle: true })
  }

  config(endpoint = this.#server.endpoint): S3ClientConfig {
    const { region, accessKeyId, secretAccessKey } = this.#server
    return { endpoint, region, credentials: { accessKeyId, secretAccessKey } }
  }

  /** Options of a store over the prefix. */
  options(endpoint?: string): S3AttachmentStoreOptions {
    return { bucket: this.bucket, prefix: this.prefix, clientConfig: this.config(endpoint) }
  }

  /** A store over the prefix; closed at the end. */
  store(endpoint?: string, options: Partial<S3AttachmentStoreOptions> = {}): S3AttachmentStore {
    const { clientConfig, ...rest } = options
    const { clientConfig: config, ...usual } = this.options(endpoint)
    const way = rest.client === undefined ? { clientConfig: { ...config, ...clientConfig } } : {}
    const store = new S3AttachmentStore({ ...usual, ...way, ...rest })
    this.#stores.push(store)
    return store
  }

  keyOf(id: string): string {
    return `${this.prefix}sha256/${id.slice(0, 2)}/${id}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores) await store.close()
    await removeAll(this.client, this.bucket, this.prefix)
    this.client.destroy()
  }
}

/** A prefix, and a proxy before the server, made anew for each test of a file that imports them. */
export let there: TestPrefix
export let proxy: S3FaultProxy

beforeEach(async () => {
  if (connection === undefined) return
  there = new TestPrefix()
  proxy = await S3FaultProxy.start(connection.endpoint)
})

afterEach(async () => {
  await there?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
})

/** Has the proxy do as AWS does, and as one has to before servers that do not. */
export function refuseUnsigned(): void {
  const target = { method: 'PUT', url: 'X-Amz-Signature', header: 'x-amz-copy-source' }
  proxy.spoil(target, { kind: 'answer', status: 403, code: 'AccessDenied' }, Number.POSITIVE_INFINITY)
}

/** Method and status of each request that went through the proxy since the last call. */
export function traffic(): string[] {
  return proxy.requests.splice(0).map(request => `${request.method} ${request.status ?? '-'}`)
}

export async function expectStored(bytes: Uint8Array): Promise<void> {
  expectBytes((await there.store().get(contentId(bytes))).bytes, bytes)
}

export async function expectAbsent(bytes: Uint8Array): Promise<void> {
  expect(await there.store().stat(contentId(bytes))).toBeUndefined()
}

/** What the promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => {
      throw new Error('should have rejected')
    },
    error => error,
  )
}
