import { createHash } from 'node:crypto'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { AwsClient } from 'aws4fetch'
import { Disk } from 'flydrive'
import { S3Driver } from 'flydrive/drivers/s3'
import { createStorage } from 'unstorage'
import s3Driver from 'unstorage/drivers/s3'
import { byDigest, byFlydrive, byUnstorage, thenClose } from './by-digest.ts'
import type { Contender } from './contender.ts'
import { ours } from './ours.ts'
import { connection, deleteObjects } from './s3-connection.ts'

const common = { durability: 'power cut', atomic: true } as const

const all: readonly Contender[] = [
  {
    ...common,
    name: 'attachments-s3',
    role: 'ours',
    verifies: true,
    async open(setting) {
      const { bucket, config, prefix } = connection(setting)
      return ours(new S3AttachmentStore({ bucket, prefix, clientConfig: config }))
    },
  },
  {
    ...common,
    name: 'unstorage s3',
    role: 'peer',
    async open(setting) {
      const { bucket, endpoint, region, credentials, prefix } = connection(setting)
      return byUnstorage(createStorage({ driver: s3Driver({ ...credentials, endpoint, region, bucket }) }), prefix)
    },
  },
  {
    ...common,
    name: 'flydrive s3',
    role: 'peer',
    async open(setting) {
      const { bucket, config, prefix } = connection(setting)
      const client = new S3Client(config)
      const disk = new Disk(new S3Driver({ client, bucket, visibility: 'private', supportsACL: false }))
      return byFlydrive(disk, prefix, async () => client.destroy())
    },
  },
  {
    ...common,
    name: 'SDK PutObject',
    role: 'peer',
    async open(setting) {
      const { bucket, config, prefix } = connection(setting)
      const client = new S3Client(config)
      return byDigest(
        {
          set: (key, bytes) => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes })),
          async get(key) {
            const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
            return (await Body?.transformToByteArray()) ?? new Uint8Array()
          },
          close: async () => client.destroy(),
        },
        prefix,
      )
    },
  },
  {
    ...common,
    name: 'hash, signed fetch',
    role: 'floor',
    async open(setting) {
      const { bucket, endpoint, region, credentials, prefix } = connection(setting)
      const client = new AwsClient({ ...credentials, region, service: 's3', retries: 0 })
      const url = (key: string) => `${endpoint}/${bucket}/${key}`
      const checked = async (response: Response) => {
        if (!response.ok) throw new Error(`the server answered ${response.status}`)
        return response.arrayBuffer()
      }
      return {
        async put(bytes) {
          const digest = createHash('sha256').update(bytes).digest('hex')
          const key = `${prefix}${digest}`
          const headers = { 'x-amz-content-sha256': digest }
          await checked(
            await client.fetch(url(key), { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer>, headers }),
          )
          return key
        },
        get: async key => new Uint8Array(await checked(await client.fetch(url(key)))),
        close: async () => {},
      }
    },
  },
]

export const contenders: readonly Contender[] = all.map(contender => ({
  ...contender,
  open: async setting => thenClose(await contender.open(setting), () => deleteObjects(setting)),
}))
