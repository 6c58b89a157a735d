import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3'
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
  AttachmentMetadataDecodeError,
  AttachmentMissingMetaError,
  type AttachmentSpoolOptions,
} from '@lash/attachments-core'
import { DirectPut } from '../direct/direct-put.ts'
import { DirectRead, type GotObject } from '../direct/direct-read.ts'
import { Explainer } from '../requests/explain.ts'
import { failureOf, isMissing, isOutOfRange, isRefusal } from '../requests/failure.ts'
import { type S3Command, Sender } from '../requests/sender.ts'
import { type MultipartOptions, MultipartUpload } from '../upload/multipart.ts'
import type { ObjectKeys } from './object-key.ts'
import { decodeMetadata } from './object-metadata.ts'
import { ObjectRemover } from './object-remover.ts'
import { ObjectWriter, type Presence } from './object-writer.ts'
import { collectBody, type OpenBody, openBody, rangeOf, readableOf, streamBody } from './response-body.ts'

export interface S3DriverOptions {
  readonly bucket: string
  readonly keys: ObjectKeys
  readonly client: S3Client
  /** Whether the client is the store's own: then nobody adds middleware to it. */
  readonly ownsClient: boolean
  /** Whether its connections are the store's own, too: then they are closed at the end. */
  readonly ownsConnections: boolean
  /** Whether its middleware may be gone around. */
  readonly direct: boolean
  readonly conditionalWrites: boolean
  readonly batchDelete: boolean
  readonly multipart: MultipartOptions
  readonly spool: AttachmentSpoolOptions | undefined
}

/** Bodies up to this are read into memory at once: for so few bytes, a stream costs more than it saves. */
const collectBytes = 2 * 1024 * 1024

/** One object per copy, metadata beside the bytes. S3 shows objects whole, and answers a put when they are safe. */
export class S3Driver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 's3'
  readonly persistence = 'durable'
  readonly spool?: AttachmentSpoolOptions
  readonly #options: S3DriverOptions
  readonly #bucket: string
  readonly #keys: ObjectKeys
  readonly #sender: Sender
  readonly #explainer: Explainer
  readonly #writer: ObjectWriter
  readonly #remover: ObjectRemover
  readonly #directRead: DirectRead | undefined
  /** Whether some answer has shown that the bucket is there, so that a 404 is about the object. */
  #bucketSeen = false

  constructor(options: S3DriverOptions) {
    const { bucket, client } = options
    this.#options = options
    this.#bucket = bucket
    this.#keys = options.keys
    if (options.spool !== undefined) this.spool = options.spool
    this.#sender = new Sender(client, options.ownsClient)
    this.#explainer = new Explainer(client, bucket)
    const multipart = new MultipartUpload(this.#sender, options.multipart)
    const direct = options.direct ? new DirectPut(client) : undefined
    this.#writer = new ObjectWriter(this.#sender, multipart, direct, options.conditionalWrites, write =>
      this.#presence(write.key, write.content, write.signal),
    )
    this.#directRead = options.direct ? new DirectRead(client) : undefined
    this.#remover = new ObjectRemover(this.#sender, bucket, options.batchDelete)
  }

  async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    const written = this.#writer.write(this.#bucket, this.#keys.of(key), content, meta, signal)
    await this.#explainer.explained('put', signal, written)
    this.#bucketSeen = true
  }

  async read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    const { start = 0, end = Number.MAX_SAFE_INTEGER, signal } = options
    if (start === end) return this.#readNothing(key, signal)
    return this.#explainer.explained('get', signal, this.#read(key, start, end, signal))
  }

  async #read(
    key: AttachmentKey,
    start: number,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<AttachmentDriverRead | undefined> {
    const name = this.#keys.of(key)
    try {
      const answer = await this.#get(name, rangeOf(start, end), signal)
      if (answer === undefined) return undefined
      const open = openBody(answer, start, signal)
      const meta = this.#decode(key.id, answer.Metadata, open.body)
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
    const answer = await this.#explainer.explained('get', signal, this.#get(name, rangeOf(start, end), signal))
    return answer && openBody(answer, start, signal)
  }

  async #get(name: string, range: string | undefined, signal: AbortSignal | undefined): Promise<GotObject | undefined> {
    const got = await this.#directRead?.get(this.#bucket, name, range, signal)
    if (got !== undefined) {
      this.#bucketSeen = true
      return got
    }
    const input = { Bucket: this.#bucket, Key: name, ...(range === undefined ? {} : { Range: range }) }
    return this.#sendAboutObject(new GetObjectCommand(input), signal)
  }

  /** Of a range without a byte, which S3 cannot be asked for. */
  async #readNothing(key: AttachmentKey, signal: AbortSignal | undefined): Promise<AttachmentDriverRead | undefined> {
    const head = await this.#explainer.explained('get', signal, this.#head(this.#keys.of(key), signal))
    return head && { meta: decodeMetadata(key.id, head.Metadata), body: new Uint8Array(0) }
  }

  async stat(key: AttachmentKey, { signal }: AttachmentDriverOptions): Promise<AttachmentMeta | undefined> {
    const head = await this.#explainer.explained('stat', signal, this.#head(this.#keys.of(key), signal))
    if (head === undefined) return undefined
    const meta = decodeMetadata(key.id, head.Metadata)
    return { ...meta, byteLength: head.ContentLength ?? meta.byteLength }
  }

  remove(keys: readonly AttachmentKey[], { signal }: AttachmentDriverOptions): Promise<void> {
    const names = [...new Set(keys.map(key => this.#keys.of(key)))]
    return this.#explainer.explained('delete', signal, this.#remover.remove(names, signal))
  }

  async *list(options: AttachmentDriverOptions & { readonly prefix: string }): AsyncGenerator<AttachmentListing> {
    const input = { Bucket: this.#bucket, Prefix: this.#keys.beginning(options.prefix) }
    let token: string | undefined
    do {
      const command = new ListObjectsV2Command(token === undefined ? input : { ...input, ContinuationToken: token })
      const page = await this.#explainer.explained('list', options.signal, this.#sender.send(command, options.signal))
      // Where there is nothing under the prefix, an S3 server says at least of which bucket that is, and that it is all.
      if ((page.Contents ?? page.Name ?? page.IsTruncated) === undefined) {
        throw new AttachmentBackendError(
          'what answers gives no listing and is not an S3 server; check clientConfig.endpoint, and look for a proxy that answers by itself',
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

  async #presence(name: string, content: AttachmentContent, signal: AbortSignal | undefined): Promise<Presence> {
    const head = await this.#head(name, signal)
    if (head === undefined) return 'absent'
    try {
      const { byteLength } = decodeMetadata(content.id, head.Metadata)
      return head.ContentLength === content.byteLength && byteLength === content.byteLength ? 'right' : 'wrong'
    } catch (error) {
      if (AttachmentMissingMetaError.isInstance(error) || AttachmentMetadataDecodeError.isInstance(error))
        return 'wrong'
      throw error
    }
  }

  async #head(name: string, signal: AbortSignal | undefined): Promise<GotObject | undefined> {
    const found = await this.#directRead?.head(this.#bucket, name, signal)
    if (found === 'missing' && this.#bucketSeen) return undefined
    if (found !== undefined && found !== 'missing') {
      this.#bucketSeen = true
      return found
    }
    const input = { Bucket: this.#bucket, Key: name }
    try {
      return await this.#sendAboutObject(new HeadObjectCommand(input), signal)
    } catch (error) {
      // The answer to a HEAD has no body, so it cannot say why it refused. The answer to a GET can.
      if (!isRefusal(error)) throw error
      const got = await this.#sender.send(new GetObjectCommand({ ...input, Range: 'bytes=0-0' }), signal)
      readableOf(got.Body).destroy()
      throw error
    }
  }

  /** Undefined when there is no such object. */
  async #sendAboutObject<Output>(
    command: S3Command<Output>,
    signal: AbortSignal | undefined,
  ): Promise<Output | undefined> {
    try {
      const answer = await this.#sender.send(command, signal)
      this.#bucketSeen = true
      return answer
    } catch (error) {
      if (!isMissing(error)) throw error
      if (failureOf(error).code !== 'NoSuchKey' && !this.#bucketSeen) await this.#confirmBucket(error, signal)
      this.#bucketSeen = true
      return undefined
    }
  }

  /** A 404 without a body may be about the bucket: asks, and remembers that it is there. */
  async #confirmBucket(cause: unknown, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#sender.send(new HeadBucketCommand({ Bucket: this.#bucket }), signal)
    } catch (error) {
      const { status } = failureOf(error)
      if (status === 404) throw Object.assign(new Error('', { cause }), { name: 'NoSuchBucket' })
      // Whoever may not look at the bucket is told so, and then it is there.
      if (status !== 403) throw error
    }
  }

  #decode(id: AttachmentId, fields: Record<string, string> | undefined, body: { destroy(): unknown }): AttachmentMeta {
    try {
      return decodeMetadata(id, fields)
    } catch (error) {
      body.destroy()
      throw error
    }
  }
}
