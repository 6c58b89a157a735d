import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { abortable } from '@lash/attachments-core/backend'
import { type HttpRequest, signingOptions, type UnsignedRequest, unsignedRequest } from './unsigned-request.ts'

/** How long all requests go through the SDK after something unusual, in milliseconds. */
const restMs = 1000

/** A request about one object. */
export interface DirectRequest {
  readonly bucket: string
  readonly key: string
  readonly method: 'GET' | 'HEAD' | 'PUT'
  readonly headers: Record<string, string>
  readonly body?: Uint8Array
  readonly signal: AbortSignal | undefined
}

export interface HttpResponse {
  readonly statusCode: number
  /** Names in lower case. */
  readonly headers: Record<string, string>
  /** Read it to its end, so that the connection can be used again. */
  readonly body?: { resume?(): unknown }
}

/**
 * Requests by the short way: the SDK's signer signs them and its request handler sends them, without the thirty
 * middlewares in between. The SDK builds the first request, which shows where objects are, for every kind of endpoint.
 *
 * The SDK repeats every request that does not go well, with its retries and its errors.
 */
export class DirectRequests {
  readonly #client: S3Client
  #model: Promise<Model | undefined> | undefined
  #restUntil = 0

  /** @param client - must have no middleware but the SDK's own: requests go around it. */
  constructor(client: S3Client) {
    this.#client = client
  }

  /**
   * The answer, whatever its status. Undefined when there is none.
   * @throws `signal.reason`.
   */
  async send(request: DirectRequest): Promise<HttpResponse | undefined> {
    request.signal?.throwIfAborted()
    if (Date.now() < this.#restUntil) return undefined
    const response = await abortable(this.#send(request), request.signal).catch(() => undefined)
    request.signal?.throwIfAborted()
    if (response === undefined) this.rest()
    return response
  }

  /** Sends requests through the SDK for a while, after something unusual. */
  rest(): void {
    this.#restUntil = Date.now() + restMs
    this.#model = undefined
  }

  async #send(request: DirectRequest): Promise<HttpResponse | undefined> {
    this.#model ??= this.#modelOf(request)
    const model = await this.#model
    if (model === undefined) return undefined
    const signed = await model.signer.sign(requestLike(model, request), signingOptions(this.#client, model.scheme))
    const options = request.signal === undefined ? {} : { abortSignal: request.signal }
    const { response } = await this.#client.config.requestHandler.handle(signed as never, options)
    return response as HttpResponse
  }

  /** Undefined when objects are addressed, or requests are signed, in an unusual way. */
  async #modelOf({ bucket, key }: DirectRequest): Promise<Model | undefined> {
    const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: new Uint8Array(0) })
    const model = await unsignedRequest(this.#client, command)
    const { scheme, request } = model
    const usual = scheme === undefined || (scheme.name === 'sigv4' && (scheme.signingName ?? 's3') === 's3')
    const name = nameIn(key)
    if (!usual || !request.path.endsWith(name)) return undefined
    return { ...model, base: request.path.slice(0, -name.length) }
  }
}

interface Model extends UnsignedRequest {
  /** The beginning of the path of every object. */
  readonly base: string
}

/** The part of a key that differs between objects of a store. It needs no escaping. */
function nameIn(key: string): string {
  return key.slice(key.lastIndexOf('sha256/'))
}

function requestLike({ request, base }: Model, { key, method, headers, body }: DirectRequest): HttpRequest {
  const all = {
    host: request.headers.host ?? request.hostname,
    'user-agent': request.headers['user-agent'] ?? '',
    ...headers,
  }
  return { ...request, method, path: base + nameIn(key), query: {}, headers: all, body }
}
