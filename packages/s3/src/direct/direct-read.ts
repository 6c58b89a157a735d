import type { S3Client } from '@aws-sdk/client-s3'
import { DirectRequests, type HttpResponse } from './direct-request.ts'

/** What the SDK gives of an object, as far as it is looked at. */
export interface GotObject {
  readonly Body?: unknown
  readonly Metadata?: Record<string, string> | undefined
  readonly ContentLength?: number | undefined
  readonly ContentRange?: string | undefined
  readonly ContentEncoding?: string | undefined
  readonly $metadata: { readonly httpStatusCode?: number | undefined }
}

const metadataPrefix = 'x-amz-meta-'
/** SHA-256 of nothing: the body of a GET and of a HEAD. */
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** Looks at objects by the short way. */
export class DirectRead {
  readonly #requests: DirectRequests

  /** @param client - one whose middleware is the SDK's own, which alone may be gone around. */
  constructor(client: S3Client) {
    this.#requests = new DirectRequests(client)
  }

  /**
   * The object, or undefined when it was not given, for whatever reason: then ask the SDK.
   * @throws `signal.reason`.
   */
  async get(
    bucket: string,
    key: string,
    range: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<GotObject | undefined> {
    const found = await this.#send('GET', bucket, key, range === undefined ? {} : { range }, signal)
    return found === 'missing' ? undefined : found
  }

  /**
   * The object without its bytes, or undefined when nothing is known: then ask the SDK. `missing`: there is no such object, or no such bucket.
   * @throws `signal.reason`.
   */
  head(bucket: string, key: string, signal: AbortSignal | undefined): Promise<GotObject | 'missing' | undefined> {
    return this.#send('HEAD', bucket, key, {}, signal)
  }

  async #send(
    method: 'GET' | 'HEAD',
    bucket: string,
    key: string,
    own: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<GotObject | 'missing' | undefined> {
    const headers = { 'x-amz-content-sha256': emptySha256, ...own }
    const response = await this.#requests.send({ bucket, key, method, headers, signal })
    if (response === undefined) return undefined
    const { statusCode, body } = response
    if (method === 'HEAD' || (statusCode !== 200 && statusCode !== 206)) body?.resume?.()
    if (statusCode === 200 || statusCode === 206) return objectOf(response)
    if (statusCode === 404) return 'missing'
    // Of a range that is past the end, the SDK tells more; the short way is as good as before.
    if (statusCode !== 416) this.#requests.rest()
    return undefined
  }
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
