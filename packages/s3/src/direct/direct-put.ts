import type { S3Client } from '@aws-sdk/client-s3'
import type { ObjectWrite } from '../upload/multipart.ts'
import { DirectRequests } from './direct-request.ts'

/** Answers that say all there is to say by their status. */
const telling = [409, 412, 501]

/** Puts of bytes in memory by the short way. To put the same bytes twice is to put them once. */
export class DirectPut {
  readonly #requests: DirectRequests

  /** @param client - one whose middleware is the SDK's own, which alone may be gone around. */
  constructor(client: S3Client) {
    this.#requests = new DirectRequests(client)
  }

  /**
   * True when the object is stored, false when nothing is known: then put it by the SDK.
   * @throws an error with `$metadata.httpStatusCode` for 409, 412 and 501; `signal.reason`.
   */
  async put(write: ObjectWrite, bytes: Uint8Array): Promise<boolean> {
    const { bucket, key, signal } = write
    const headers = headersOf(write, bytes)
    const response = await this.#requests.send({ bucket, key, method: 'PUT', headers, body: bytes, signal })
    if (response === undefined) return false
    const { statusCode, headers: answered, body } = response
    body?.resume?.()
    // Whatever else answers 200 to everything, such as a login page, gives no ETag.
    if (statusCode === 200 && answered.etag !== undefined) return true
    if (telling.includes(statusCode)) throw statusError(statusCode)
    this.#requests.rest()
    return false
  }
}

function headersOf(write: ObjectWrite, bytes: Uint8Array): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': write.mediaType,
    'content-length': String(bytes.byteLength),
    'x-amz-content-sha256': write.content.id,
  }
  if (write.onlyIfAbsent) headers['if-none-match'] = '*'
  for (const [name, value] of Object.entries(write.metadata)) headers[`x-amz-meta-${name}`] = value
  return headers
}

/** As the SDK's errors are, for who looks at them. */
function statusError(status: number): Error {
  return Object.assign(new Error(`the server answered ${status}`), { $metadata: { httpStatusCode: status } })
}
