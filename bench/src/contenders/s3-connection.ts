import { DeleteObjectsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { s3FromEnvironment } from '@lash/attachments-testing/s3'
import type { Setting } from './contender.ts'

/** What all objects of this process begin with. */
const prefix = `bench-${process.pid}-${Date.now()}/`

/** The server that the environment names, and a prefix that nobody else uses. */
export function connection({ env }: Setting) {
  const server = s3FromEnvironment(env)
  if (server === undefined) throw new Error('there is no S3 server')
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const config = { endpoint, region, credentials, forcePathStyle: true } as const
  return { bucket, endpoint, region, credentials, config, prefix }
}

/** Deletes all objects of this process: the server of the tests holds them in memory. */
export async function deleteObjects(setting: Setting): Promise<void> {
  const { bucket, config } = connection(setting)
  const client = new S3Client(config)
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }))
    if (Contents.length === 0) break
    const Objects = Contents.map(({ Key }) => ({ Key }))
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }))
  }
  client.destroy()
}
