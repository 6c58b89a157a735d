import { AttachmentBackendError } from '@lash/attachments-core'
import type { PresignedRequest } from '../direct/direct.ts'

const timeoutMs = 60_000

/**
 * Makes sure that the server refuses headers that were not signed. AWS does. Several servers do not, such as Ceph 16
 * and MinIO: there, whoever has a URL for an upload can add `x-amz-copy-source` to it, and so read every object that
 * the signer may read, by nothing but its name.
 * @param upload for an object of no bytes, which this leaves behind.
 * @param source of a copy of that object.
 * @throws AttachmentBackendError
 */
export async function assertStrict(upload: PresignedRequest, source: string): Promise<void> {
  // The same URL without the header, so that what is refused is known to be the header.
  const plain = await send(upload, {})
  if (plain !== 200) {
    throw new AttachmentBackendError(
      `the server answered ${plain} to an upload by a signed URL; check the policy, and whether a proxy changes requests`,
    )
  }
  if ((await send(upload, { 'x-amz-copy-source': source })) === 403) return
  throw new AttachmentBackendError(
    'no upload by URL is safe here: the server takes headers that were not signed, so whoever has such a URL could ' +
      'read other objects by x-amz-copy-source; update the server, or have a proxy before it answer 403 to requests ' +
      'with that header and with X-Amz-Signature in the query',
  )
}

/**
 * Whether the server refuses bytes of another checksum than it was told, so that what it tells of a checksum is its own
 * word.
 * @param upload of no bytes, for an id that is not theirs.
 * @throws AttachmentBackendError
 */
export async function refusesOtherBytes(upload: PresignedRequest): Promise<boolean> {
  const status = await send(upload, {})
  if (status < 500) return status === 400
  throw new AttachmentBackendError(`the server answered ${status} when it was asked whether it checks bytes; try again`)
}

async function send({ url, headers }: PresignedRequest, unsigned: Record<string, string>): Promise<number> {
  const signal = AbortSignal.timeout(timeoutMs)
  const answer = await fetch(url, { method: 'PUT', headers: { ...headers, ...unsigned }, signal })
  await answer.arrayBuffer()
  return answer.status
}
