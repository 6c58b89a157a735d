import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  type S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import type { S3Connection } from './server.ts'

/** How tests reach the server. */
export function s3ClientConfig(server: S3Connection): S3ClientConfig & { endpoint: string } {
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  return { endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } }
}

/** Removes every object and every unfinished upload of a test. */
export async function removeAll(client: S3Client, bucket: string, prefix: string): Promise<void> {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    const contents = page.Contents ?? []
    // In slices: thousands of requests at once would run into the timeouts of one another.
    for (let start = 0; start < contents.length; start += 64) {
      const slice = contents.slice(start, start + 64)
      await Promise.all(slice.map(({ Key }) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))))
    }
  }
  for (const { Key, UploadId } of await uploads(client, bucket, prefix)) {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
  }
}

/** Multipart uploads that were begun and neither completed nor aborted. */
export async function uploads(
  client: S3Client,
  bucket: string,
  prefix: string,
): Promise<{ Key: string | undefined; UploadId: string | undefined }[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }))
  return Uploads.map(({ Key, UploadId }) => ({ Key, UploadId }))
}
