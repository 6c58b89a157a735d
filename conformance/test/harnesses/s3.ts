import { randomUUID } from 'node:crypto'
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import {
  type Damage,
  damagedBytes,
  type StoreFixture,
  type StoreHarness,
  type StoreOptions,
} from '@lash/attachments-conformance'
import type { AttachmentId } from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { removeAll, type S3Connection, s3ClientConfig, s3FromEnvironment, uploads } from '@lash/attachments-testing/s3'
import { plainStore } from './capabilities.ts'
import { damagesBytes, damagesMetadata } from './damage.ts'
import { SwitchableConfig } from './switchable-config.ts'

export interface S3HarnessOptions {
  /** Whether stores are given a client, instead of making their own. */
  readonly givenClient?: boolean
}

export function s3StoreHarness({ givenClient = false }: S3HarnessOptions = {}): StoreHarness {
  const server = s3FromEnvironment()
  if (server === undefined) throw new Error('LASH_TEST_S3_ENDPOINT is not set: see columns.ts, which asks first')
  const client = new S3Client(s3ClientConfig(server))
  return {
    kind: 'store',
    name: givenClient ? 's3 (given client)' : 's3',
    capabilities: [
      ...plainStore,
      ...damagesBytes,
      ...damagesMetadata,
      ...(['incremental-reads', 'staging', 'deny', 'disconnect', 'stall', 'durable', 'reopen', 'child'] as const),
      ...(givenClient ? (['injected'] as const) : []),
    ],
    lacks: givenClient ? {} : { injected: 'it makes its own client; see s3 (given client)' },
    create: options => createFixture(server, client, givenClient, options),
    cleanup: async () => client.destroy(),
  }
}

async function createFixture(
  server: S3Connection,
  client: S3Client,
  givenClient: boolean,
  options: StoreOptions = {},
): Promise<StoreFixture> {
  const prefix = `test/${randomUUID()}/`
  const { bucket } = server
  const way = new SwitchableConfig(server)
  const given = givenClient ? new S3Client(way.config) : undefined
  const open = (): S3AttachmentStore =>
    new S3AttachmentStore({ bucket, prefix, ...options, ...(given ? { client: given } : { clientConfig: way.config }) })
  const keyOf = (id: AttachmentId, generation = 0) =>
    `${prefix}sha256/${id.slice(0, 2)}/${physicalName({ id, generation })}`
  const store = open()
  return {
    store,
    reopen: async () => open(),
    child: { module: new URL('../children/s3.ts', import.meta.url).href, options: { prefix } },
    secrets: [server.secretAccessKey, 'not-the-secret'],
    corrupt: (id, damage, generation) => corrupt(client, bucket, keyOf(id, generation), damage),
    staging: {
      list: async () => (await uploads(client, bucket, prefix)).map(({ Key, UploadId }) => `${Key} ${UploadId}`),
      plant: (id, bytes) => plant(client, bucket, keyOf(id), bytes),
    },
    deny: () => way.deny(),
    disconnect: () => way.disconnect(),
    stall: () => way.stall(),
    ...(given === undefined ? {} : { injected: { isOpen: () => answers(given) } }),
    async dispose() {
      await store.close()
      given?.destroy()
      await removeAll(client, bucket, prefix)
    },
  }
}

/** Damages an object in the way that S3 allows: it writes another object in its place. */
async function corrupt(client: S3Client, bucket: string, key: string, damage: Damage): Promise<void> {
  const object = { Bucket: bucket, Key: key }
  const { Body, Metadata = {}, ContentType } = await client.send(new GetObjectCommand(object))
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array(0)
  const damagedObject = { Body: damagedBytes(bytes, damage), Metadata: damagedMetadata(Metadata, damage) }
  await client.send(new PutObjectCommand({ ...object, ...damagedObject, ContentType }))
}

function damagedMetadata(metadata: Record<string, string>, damage: Damage): Record<string, string> {
  if (damage === 'drop-metadata') return {}
  return damage === 'damage-metadata' ? { ...metadata, 'lash-type': '%' } : metadata
}

/** What a writer leaves when it dies between the first and the second part of a multipart upload. */
async function plant(client: S3Client, bucket: string, key: string, bytes: Uint8Array): Promise<void> {
  const object = { Bucket: bucket, Key: key }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
  const half = bytes.slice(0, bytes.byteLength >> 1)
  await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: half }))
}

async function answers(client: S3Client): Promise<boolean> {
  return client.send(new ListBucketsCommand({})).then(
    () => true,
    () => false,
  )
}
