import type { S3Client } from '@aws-sdk/client-s3'
import type { ObjectWrite } from '../upload/multipart.ts'
import { DirectRequests, type HttpResponse } from './direct-request.ts'

/*
 * The only way into this folder, which uses the SDK's signer and its request handler without `client.send`. It relies
 * on the place in the SDK's middleware before which a request is not yet signed.
 *
 * It buys, in operations per second: 1.5 to 2.9 times as many puts and gets of 1 KiB, 1.5 to 2 times as many of 64 KiB.
 * Decision record 7 has the table.
 *
 * It falls back to `client.send`, which repeats every request that does not go well, and sends all others for a second.
 * Only `getUrl` and `createUpload` have nothing to fall back to: they fail with an error that says so.
 */

export { type PresignedRequest, presigned } from './presigned-url.ts'

/** What the SDK gives of an object, as far as it is used here. */
export interface GotObject {
  readonly Body?: unknown
  readonly Metadata?: Record<string, string> | undefined
  readonly ContentLength?: number | undefined
  readonly ContentRange?: string | undefined
  readonly ContentEncoding?: string | undefined
  readonly $metadata: { readonly httpStatusCode?: number | undefined }
}

/** Statuses of a put that need no further explanation. */
const plainStatuses = [409, 412, 501]
const metadataPrefix = 'x-amz-meta-'
/** SHA-256 of nothing: the body of a GET and of a HEAD. */
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** PUT, GET and HEAD of single objects by the short way. A put may be repeated: the same bytes are one object. */
export class DirectObjects {
  /** Apart from the reads: credentials may allow the one and refuse the other. */
  readonly #puts: DirectRequests
  readonly #reads: DirectRequests

  /** @param client - must have no middleware but the SDK's own: requests go around it. */
  constructor(client: S3Client) {
    this.#puts = new DirectRequests(client)
    this.#reads = new DirectRequests(client)
  }

  /**
   * True when the object is stored. False when nothing is known: then put it with the SDK.
   * @throws an error with `$metadata.httpStatusCode` for 409, 412 and 501; `signal.reason`.
   */
  async put(write: ObjectWrite, bytes: Uint8Array): Promise<boolean> {
    const { bucket, key, signal } = write
    const headers = headersOf(write, bytes)
    const response = await this.#puts.send({ bucket, key, method: 'PUT', headers, body: bytes, signal })
    if (response === undefined) return false
    const { statusCode, headers: answered, body } = response
    body?.resume?.()
    // A login page or a proxy may answer 200 to everything. It gives no ETag.
    if (statusCode === 200 && answered.etag !== undefined) return true
    if (plainStatuses.includes(statusCode)) throw statusError(statusCode)
    this.#puts.rest()
    return false
  }

  /**
   * The object. Undefined when the answer has none, for whatever reason: then ask the SDK.
   * @throws `signal.reason`.
   */
  async get(
    bucket: string,
    key: string,
    range: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<GotObject | undefined> {
    const found = await this.#read('GET', bucket, key, range === undefined ? {} : { range }, signal)
    return found === 'missing' ? undefined : found
  }

  /**
   * The object without its bytes. `missing` when there is no such object, or no such bucket. Undefined when nothing is
   * known: then ask the SDK.
   * @throws `signal.reason`.
   */
  head(bucket: string, key: string, signal: AbortSignal | undefined): Promise<GotObject | 'missing' | undefined> {
    return this.#read('HEAD', bucket, key, {}, signal)
  }

  async #read(
    method: 'GET' | 'HEAD',
    bucket: string,
    key: string,
    own: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<GotObject | 'missing' | undefined> {
    const headers = { 'x-amz-content-sha256': emptySha256, ...own }
    const response = await this.#reads.send({ bucket, key, method, headers, signal })
    if (response === undefined) return undefined
    const { statusCode, body } = response
    if (method === 'HEAD' || (statusCode !== 200 && statusCode !== 206)) body?.resume?.()
    if (statusCode === 200 || statusCode === 206) return objectOf(response)
    if (statusCode === 404) return 'missing'
    // A range past the end is nothing unusual. The SDK tells more about it.
    if (statusCode !== 416) this.#reads.rest()
    return undefined
  }
}

function headersOf(write: ObjectWrite, bytes: Uint8Array): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': write.mediaType,
    'content-length': String(bytes.byteLength),
    'x-amz-content-sha256': write.content.id,
  }
  if (write.onlyIfAbsent) headers['if-none-match'] = '*'
  for (const [name, value] of Object.entries(write.metadata)) headers[metadataPrefix + name] = value
  return headers
}

/** An error in the shape of the SDK's. */
function statusError(status: number): Error {
  return Object.assign(new Error(`the server answered ${status}`), { $metadata: { httpStatusCode: status } })
}

function objectOf({ statusCode, headers, body }: HttpResponse): GotObject {
  const metadata: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(metadataPrefix)) metadata[name.slice(metadataPrefix.length)] = value
  }
  const length = headers['content-length']
  return {
    Body: body,
    Metadata: metadata,
    ContentLength: length === undefined ? undefined : Number(length),
    ContentRange: headers['content-range'],
    ContentEncoding: headers['content-encoding'],
    $metadata: { httpStatusCode: statusCode },
  }
}
