import type { AttachmentStore } from '@lash/attachments-core'
import { UsageError } from '../usage-error.ts'
import { load } from './load.ts'
import { parsed, takeParameters } from './parameters.ts'

type Backend = typeof import('@lash/attachments-s3')

export interface BucketUrl {
  readonly bucket: string
  /** Empty, or with a slash at its end. */
  readonly prefix: string
  readonly clientConfig: { readonly region?: string; readonly endpoint?: string }
}

/** Buffers of 20 MiB for uploads, where the default is 64: a command is to run beside others on a small machine. */
const multipart = { partBytes: 5 * 1024 * 1024, concurrency: 4 }

/** Credentials come as the AWS SDK finds them, in the environment or in a profile. */
export async function openStore(given: string): Promise<AttachmentStore> {
  const { S3AttachmentStore } = await load<Backend>('@lash/attachments-s3', 's3:')
  return new S3AttachmentStore({ ...placeOf(given), multipart })
}

/**
 * What a URL says of a bucket.
 * @throws UsageError
 */
export function placeOf(given: string): BucketUrl {
  const url = parsed(given)
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('an s3: URL has no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile')
  }
  const clientConfig = takeParameters(url, ['region', 'endpoint'])
  const [unknown] = url.searchParams.keys()
  if (unknown !== undefined) throw new UsageError(`an s3: URL has no ${unknown}: there are region and endpoint`)
  return { bucket: url.hostname, prefix: prefixOf(url), clientConfig }
}

/** The path as a folder. */
function prefixOf({ pathname }: URL): string {
  const prefix = decodeURIComponent(pathname).replace(/^\//, '')
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
}
