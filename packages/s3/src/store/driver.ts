import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import {
  AttachmentBackendError,
  type AttachmentContent,
  type AttachmentDriver,
  type AttachmentDriverOptions,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentId,
  type AttachmentKey,
  type AttachmentListing,
  type AttachmentMeta,
  type AttachmentSpoolOptions,
} from '@lash/attachments-core'
import { DirectObjects } from '../direct/direct.ts'
import { BackendErrors } from '../requests/backend-errors.ts'
import { isOutOfRange } from '../requests/s3-error.ts'
import { Sender } from '../requests/sender.ts'
import { type MultipartOptions, MultipartUpload } from '../upload/multipart.ts'
import type { ObjectKeys } from './object-key.ts'
import { decodeMetadata } from './object-metadata.ts'
import { ObjectRemover } from './object-remover.ts'
import { ObjectRequests } from './object-requests.ts'
import { ObjectWriter } from './object-writer.ts'
import { collectBody, type OpenBody, openBody, rangeOf, streamBody } from './response-body.ts'

export interface S3DriverOptions {
  readonly bucket: string
  readonly keys: ObjectKeys
  readonly client: S3Client
  /** Whether the client is the store's own, so that nobody adds middleware to it. */
  readonly ownsClient: boolean
  /** Whether the connections of the client are the store's own, too. They are then closed at the end. */
  readonly ownsConnections: boolean
  /** Whether requests may go around the client's middleware. */
  readonly direct: boolean
  readonly conditionalWrites: boolean
  readonly batchDelete: boolean
  readonly multipart: MultipartOptions
  readonly spool: AttachmentSpoolOptions | undefined
}

/** Bodies up to this length are read into memory at once: for so few bytes, a stream costs more than it saves. */
const collectBytes = 2 * 1024 * 1024

/**
 * One object for each copy, with its metadata. S3 shows objects whole, and answers a put when it has stored the object.
 */
export class S3Driver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 's3'
  readonly persistence = 'durable'
  readonly spool: AttachmentSpoolOptions | undefined
  readonly #options: S3DriverOptions
  readonly #bucket: string
  readonly #keys: ObjectKeys
  readonly #sender: Sender
  readonly #errors: BackendErrors
  readonly #objects: ObjectRequests
  readonly #writer: ObjectWriter
  readonly #remover: ObjectRemover

  constructor(options: S3DriverOptions) {
    const { bucket, client } = options
    const direct = options.direct ? new DirectObjects(client) : undefined
    this.spool = options.spool
    this.#options = options
    this.#bucket = bucket
    this.#keys = options.keys
    this.#sender = new Sender(client, options.ownsClient)
    this.#errors = new BackendErrors(client, bucket)
    this.#objects = new ObjectRequests(this.#sender, direct, bucket)
    this.#writer = new ObjectWriter({
      sender: this.#sender,
      objects: this.#objects,
      multipart: new MultipartUpload(this.#sender, options.multipart),
      direct,
      conditional: options.conditionalWrites,
    })
    this.#remover = new ObjectRemover(this.#sender, bucket, options.batchDelete)
  }

  async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    const written = this.#writer.write(this.#bucket, this.#keys.of(key), content, meta, signal)
    await this.#errors.wrap('put', signal, written)
    this.#objects.bucketExists()
  }

  async read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    const { start = 0, end = Number.MAX_SAFE_INTEGER, signal } = options
    if (start === end) return this.#readNothing(key, signal)
    return this.#errors.wrap('get', signal, this.#read(key, start, end, signal))
  }

  async #read(
    key: AttachmentKey,
    start: number,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<AttachmentDriverRead | undefined> {
    const name = this.#keys.of(key)
    try {
      const answer = await this.#objects.get(name, rangeOf(start, end), signal)
      if (answer === undefined) return undefined
      const open = openBody(answer, start, signal)
      const meta = decodedOrClosed(key.id, answer.Metadata, open)
      const { ContentLength: length = Number.MAX_SAFE_INTEGER } = answer
      const last = Math.min(end, open.start + length)
      const exact = open.start === start && last === start + length
      if (exact && length <= collectBytes) return { meta, body: await collectBody(open.body, length) }
      const reopen = (position: number, stop: AbortSignal) => this.#reopen(name, position, last, stop, signal)
      return { meta, body: streamBody(open, start, last, reopen) }
    } catch (error) {
      if (isOutOfRange(error)) return this.#readNothing(key, signal)
      throw error
    }
  }

  async #reopen(
    name: string,
    start: number,
    end: number,
    stop: AbortSignal,
    given: AbortSignal | undefined,
  ): Promise<OpenBody | undefined> {
    const signal = given === undefined ? stop : AbortSignal.any([stop, given])
    const answer = await this.#errors.wrap('get', signal, this.#objects.get(name, rangeOf(start, end), signal))
    return answer && openBody(answer, start, signal)
  }

  /** Reads a range without a byte, which S3 has no request for. */
  async #readNothing(key: AttachmentKey, signal: AbortSignal | undefined): Promise<AttachmentDriverRead | undefined> {
    const head = await this.#errors.wrap('get', signal, this.#objects.head(this.#keys.of(key), signal))
    return head && { meta: decodeMetadata(key.id, head.Metadata), body: new Uint8Array(0) }
  }

  async stat(key: AttachmentKey, { signal }: AttachmentDriverOptions): Promise<AttachmentMeta | undefined> {
    const head = await this.#errors.wrap('stat', signal, this.#objects.head(this.#keys.of(key), signal))
    if (head === undefined) return undefined
    const meta = decodeMetadata(key.id, head.Metadata)
    return { ...meta, byteLength: head.ContentLength ?? meta.byteLength }
  }

  remove(keys: readonly AttachmentKey[], { signal }: AttachmentDriverOptions): Promise<void> {
    const names = [...new Set(keys.map(key => this.#keys.of(key)))]
    return this.#errors.wrap('delete', signal, this.#remover.remove(names, signal))
  }

  async *list(options: AttachmentDriverOptions & { readonly prefix: string }): AsyncGenerator<AttachmentListing> {
    const { prefix, signal } = options
    const input = { Bucket: this.#bucket, Prefix: this.#keys.beginning(prefix) }
    let token: string | undefined
    do {
      const command = new ListObjectsV2Command(token === undefined ? input : { ...input, ContinuationToken: token })
      const page = await this.#errors.wrap('list', signal, this.#sender.send(command, signal))
      // An empty listing of an S3 server still names the bucket, and says that it is complete.
      if ((page.Contents ?? page.Name ?? page.IsTruncated) === undefined) {
        throw new AttachmentBackendError(
          'what answers gives no listing and is not an S3 server; ' +
            'check clientConfig.endpoint, and look for a proxy that answers by itself',
        )
      }
      for (const { Key: name, Size: byteLength = 0, LastModified } of page.Contents ?? []) {
        const key = name === undefined ? undefined : this.#keys.parse(name)
        if (key === undefined) continue
        yield { ...key, byteLength, ...(LastModified === undefined ? {} : { lastModifiedMs: LastModified.getTime() }) }
      }
      token = page.NextContinuationToken
      if (page.IsTruncated && token === undefined) {
        throw new AttachmentBackendError('the server cut a listing short and gave no token to go on with')
      }
    } while (token !== undefined)
  }

  async close(): Promise<void> {
    if (this.#options.ownsConnections) this.#options.client.destroy()
  }
}

/** The metadata of an object; when it cannot be read, the body is closed. */
function decodedOrClosed(id: AttachmentId, fields: Record<string, string> | undefined, open: OpenBody): AttachmentMeta {
  try {
    return decodeMetadata(id, fields)
  } catch (error) {
    open.body.destroy()
    throw error
  }
}
