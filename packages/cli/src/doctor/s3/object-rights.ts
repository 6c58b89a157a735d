import { randomUUID } from 'node:crypto'
import { type Finding, finding } from '../finding.ts'
import type { BucketPlace } from './bucket-place.ts'
import { codeOf, described } from './s3-error.ts'

/** Does what a store does to objects, one right after the other, and names each that is missing. */
export async function objectRights({ client, bucket, prefix }: BucketPlace, signal: AbortSignal): Promise<Finding[]> {
  const at = { Bucket: bucket, Key: `${prefix}doctor/${randomUUID()}` }
  const options = { abortSignal: signal }
  const tries: readonly (readonly [right: string, request: () => Promise<unknown>])[] = [
    ['s3:PutObject', () => client.putObject({ ...at, Body: 'lash-attachments doctor' }, options)],
    // Without the right to list, a bucket also says this of what is missing.
    ['s3:GetObject', () => client.headObject(at, options).catch(unlessMissing)],
    [
      's3:AbortMultipartUpload',
      async () => {
        const { UploadId } = await client.createMultipartUpload(at, options)
        await client.abortMultipartUpload({ ...at, UploadId }, options)
      },
    ],
    ['s3:DeleteObject', () => client.deleteObject(at)],
  ]
  const missing: Finding[] = []
  for (const [right, request] of tries) {
    try {
      await request()
    } catch (error) {
      signal.throwIfAborted()
      missing.push(
        finding('problem', 'rights', `${right}: ${described(error)}`, `allow ${right} on ${bucket}/${prefix}*`),
      )
    }
  }
  return missing.length > 0
    ? missing
    : [finding('ok', 'rights', 'objects may be put, read and deleted, uploads aborted')]
}

/** What could not be put cannot be read either: that is one right that is missing, not two. */
function unlessMissing(error: unknown): void {
  if (codeOf(error) !== 'NotFound') throw error
}
