import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { abortable } from '@lash/attachments-core/backend'
import type { ObjectWrite } from './multipart.ts'
import { type HttpRequest, signingOptions, type UnsignedRequest, unsignedRequest } from './unsigned-request.ts'

/** How long the SDK's whole way is taken after something unusual, in milliseconds. */
const restMs = 1000
/** Answers that say all there is to say by their status. */
const telling = [409, 412, 501]

/**
 * Puts of bytes in memory by the short way: signed by the SDK's signer and sent by its request handler, without the thirty
 * middlewares between, which take four fifths of a small put. The first request shows where objects go; the SDK makes it, so that every kind
 * of endpoint is right.
 *
 * The short way is for what goes well. Whatever does not is done again by the SDK, with its retries and its errors: to put the
 * same bytes twice is to put them once.
 */
export class DirectPut {
  readonly #client: S3Client
  #model: Promise<Model | undefined> | undefined
  #restUntil = 0

  /** @param client - one whose middleware is the SDK's own, which alone may be gone around. */
  constructor(client: S3Client) {
    this.#client = client
  }

  /**
   * True when the object is stored, false when nothing is known: then put it by the SDK.
   * @throws an error with `$metadata.httpStatusCode` for 409, 412 and 501; `signal.reason`.
   */
  async put(write: ObjectWrite, bytes: Uint8Array): Promise<boolean> {
    if (Date.now() < this.#restUntil) return false
    const status = await this.#send(write, bytes).catch(() => undefined)
    write.signal?.throwIfAborted()
    if (status !== undefined && status >= 200 && status < 300) return true
    if (status !== undefined && telling.includes(status)) throw statusError(status)
    this.#restUntil = Date.now() + restMs
    this.#model = undefined
    return false
  }

  async #send(write: ObjectWrite, bytes: Uint8Array): Promise<number | undefined> {
    this.#model ??= this.#modelOf(write)
    const model = await this.#model
    if (model === undefined) return undefined
    const unsigned = requestLike(model, write, bytes)
    const request = await model.signer.sign(unsigned, signingOptions(this.#client, model.scheme))
    const options = write.signal === undefined ? {} : { abortSignal: write.signal }
    const sent = this.#client.config.requestHandler.handle(request as never, options)
    const { response } = await abortable(sent, write.signal)
    // Read to its end, so that the connection can be used again.
    response.body?.resume?.()
    return response.statusCode
  }

  /** Undefined where objects are addressed or requests are signed in an unusual way. */
  async #modelOf({ bucket, key }: ObjectWrite): Promise<Model | undefined> {
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
  /** What the path of every object begins with. */
  readonly base: string
}

/** The part of a key that differs between objects of a store. It needs no escaping. */
function nameIn(key: string): string {
  return key.slice(key.lastIndexOf('sha256/'))
}

function requestLike(model: Model, write: ObjectWrite, bytes: Uint8Array): HttpRequest {
  const { request } = model
  const headers: Record<string, string> = {
    host: request.headers.host ?? request.hostname,
    'user-agent': request.headers['user-agent'] ?? '',
    'content-type': write.mediaType,
    'content-length': String(bytes.byteLength),
    'x-amz-content-sha256': write.content.id,
  }
  if (write.onlyIfAbsent) headers['if-none-match'] = '*'
  for (const [name, value] of Object.entries(write.metadata)) headers[`x-amz-meta-${name}`] = value
  return { ...request, path: model.base + nameIn(write.key), query: {}, headers, body: bytes }
}

/** As the SDK's errors are, for who looks at them. */
function statusError(status: number): Error {
  return Object.assign(new Error(`the server answered ${status}`), { $metadata: { httpStatusCode: status } })
}
