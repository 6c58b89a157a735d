import { randomUUID } from 'node:crypto'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { AttachmentStore } from '@lash/attachments-core'
import { S3AttachmentStore, type S3AttachmentStoreOptions } from '@lash/attachments-s3'
import { removeAll, type S3Connection, s3FromEnvironment } from '@lash/attachments-testing/s3'
import { describe, expect } from 'vitest'

/** The S3 server of the test run. Without one, which the start of the run has said, tests that need it are skipped. */
export const connection: S3Connection | undefined = s3FromEnvironment()

export const describeWithServer: (name: string, suite: () => void) => void =
  connection === undefined ? describe.skip : describe

/** For what goes through the fault proxy, which speaks plain HTTP only. */
export const describeWithProxy: (name: string, suite: () => void) => void = connection?.endpoint.startsWith('http:')
  ? describe
  : describe.skip

/** A prefix of its own on the server, the stores that a test opens over it, and their removal. */
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

  /** Of a store over the prefix. */
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

/** Compares bytes as bytes: a matcher would look at them one by one, which takes seconds for a few MiB. */
export function expectBytes(actual: Uint8Array | ArrayBuffer, expected: Uint8Array): void {
  const bytes = new Uint8Array(actual as ArrayBuffer)
  expect(bytes.byteLength).toBe(expected.byteLength)
  expect(Buffer.compare(bytes, expected)).toBe(0)
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
