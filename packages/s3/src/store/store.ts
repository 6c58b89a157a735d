import { GetObjectCommand, type S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import {
  type AttachmentBody,
  type AttachmentContent,
  AttachmentCorruptError,
  type AttachmentCreateMeta,
  type AttachmentId,
  AttachmentInvalidArgumentError,
  AttachmentNotFoundError,
  type AttachmentPutOptions,
  type AttachmentRef,
  type AttachmentSignalOptions,
  type AttachmentSpoolOptions,
  type AttachmentStore,
  AttachmentTooLargeError,
  isAttachmentId,
  PortableAttachmentStore,
} from '@lash/attachments-core'
import { abortable, checkGeneration, checkMeta, placed, refTo, storedMeta } from '@lash/attachments-core/backend'
import { presigned } from '../direct/direct.ts'
import { BackendErrors } from '../requests/backend-errors.ts'
import { createClient, needsMiddleware, ownsConnections } from '../requests/client.ts'
import type { MultipartOptions } from '../upload/multipart.ts'
import type { UploadedContent } from '../urls/uploaded-content.ts'
import { type S3Upload, type S3UploadOptions, Uploads } from '../urls/uploads.ts'
import { expiryOf, type S3UrlOptions, stabilityOf } from '../urls/url-options.ts'
import { contentDisposition } from './content-disposition.ts'
import { S3Driver } from './driver.ts'
import { ObjectKeys } from './object-key.ts'

export interface S3AttachmentStoreOptions {
  /** Name of a bucket that exists. */
  bucket: string
  /** The beginning of all object names, taken as it is: end it with a slash. At most 800 bytes. Default: nothing. */
  prefix?: string | undefined
  /**
   * A client of yours. `close()` leaves it open, and its settings stay its own: the defaults of `clientConfig` do not
   * apply.
   */
  client?: S3Client | undefined
  /**
   * Settings of the client that the store makes when it is given none, and destroys on `close()`. Region and
   * credentials default to those of the SDK's own chain. The README lists the defaults that differ from the SDK's.
   */
  clientConfig?: S3ClientConfig | undefined
  /**
   * Whether the server supports `If-None-Match: *` on a PUT. Default true: the store remembers when a server answers
   * that it does not. Give false for a server that ignores the header; then the store looks for the object before each
   * put.
   */
  conditionalWrites?: boolean | undefined
  /**
   * Whether the server supports DeleteObjects. Default true: the store remembers when a server answers that it does
   * not.
   */
  batchDelete?: boolean | undefined
  multipart?: MultipartOptions | undefined
  /** Largest body that `put` takes, in bytes. Default: the limit of the server, 5 TiB on AWS. */
  maxByteLength?: number | undefined
  /** Where big streams wait until their id is known. Default: a nameless file in the system's temporary folder. */
  spool?: AttachmentSpoolOptions | undefined
}

/**
 * Attachments as objects of an S3 bucket, of AWS or of any server that speaks its protocol. One object per blob, named
 * `<prefix>sha256/<first 2 digits>/<id>`, holds the bytes and the metadata.
 *
 * Beyond the guarantees of every store: the server checks the SHA-256 of the bytes that arrive before it stores them, a
 * new small blob costs one request, and objects appear whole, even big ones that are uploaded in parts.
 */
export class S3AttachmentStore extends PortableAttachmentStore {
  readonly #bucket: string
  readonly #keys: ObjectKeys
  readonly #client: S3Client
  readonly #errors: BackendErrors
  readonly #uploads: Uploads

  /**
   * Connects to nothing yet.
   * @param target the options, or `bucket` for short.
   * @throws AttachmentInvalidArgumentError
   */
  constructor(target: string | S3AttachmentStoreOptions, more?: Partial<S3AttachmentStoreOptions>) {
    const options = checked(placed('bucket', target, more))
    const { bucket, clientConfig = {}, client = createClient(clientConfig) } = options
    const keys = new ObjectKeys(options.prefix ?? '')
    const driver = new S3Driver({
      bucket,
      keys,
      client,
      ownsClient: options.client === undefined,
      ownsConnections: options.client === undefined && ownsConnections(clientConfig),
      // A client of the host may have middleware of the host's, which no request may go around.
      direct: options.client === undefined && !needsMiddleware(clientConfig),
      conditionalWrites: options.conditionalWrites ?? true,
      batchDelete: options.batchDelete ?? true,
      multipart: options.multipart ?? {},
      spool: options.spool,
    })
    super(driver, { maxByteLength: options.maxByteLength })
    this.#bucket = bucket
    this.#keys = keys
    this.#client = client
    this.#errors = new BackendErrors(client, bucket)
    this.#uploads = new Uploads(client, options.client === undefined, bucket, keys)
  }

  /**
   * A URL from which anybody can GET the bytes, or ranges of them, until it expires. The answer has the blob's media
   * type. The URL cannot be revoked. Nobody verifies the bytes on their way: a client that must be sure compares their
   * SHA-256 with the id.
   * @throws AttachmentNotFoundError when there is no such blob (unless `generation` is given),
   * AttachmentInvalidArgumentError.
   */
  getUrl(id: AttachmentId, options: S3UrlOptions = {}): Promise<string> {
    return this.run('getUrl', options.signal, async () => {
      const { signal } = options
      const expiresIn = expiryOf(options)
      const stableFor = stabilityOf(options, expiresIn)
      const disposition = contentDisposition(options.contentDisposition ?? 'attachment')
      if (!isAttachmentId(id)) throw new AttachmentNotFoundError(id)
      const generation = options.generation ?? (await this.#generationOf(id, signal))
      const name = this.#keys.of({ id, generation: checkGeneration(generation) })
      const input = { Bucket: this.#bucket, Key: name, ResponseContentDisposition: disposition }
      const signing = presigned(this.#client, new GetObjectCommand(input), { expiresIn, stableFor })
      return (await this.#errors.wrap('getUrl', signal, abortable(signing, signal))).url
    })
  }

  /**
   * A request that anybody can send with the bytes, until it expires: a browser, so that they do not pass through this
   * process. The bytes wait under a name of their own, where nobody can read them, until {@link confirmUpload}. Nothing
   * is recorded. Length, media type, metadata and SHA-256 are signed: the server refuses another length and, where it
   * knows checksums, other bytes. The first call makes sure that the server refuses headers that were not signed.
   * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError; AttachmentBackendError also where the server takes
   * headers that were not signed: a URL could then be used to read other objects.
   */
  createUpload(options: S3UploadOptions): Promise<S3Upload> {
    return this.run('createUpload', options.signal, () =>
      this.#errors.wrap('createUpload', options.signal, this.#uploads.create(options, this.maxByteLength)),
    )
  }

  /**
   * Puts what was uploaded, with the metadata that `createUpload` was given, into a session. Where the server vouches
   * for the SHA-256 of what it has received, `into.put` has the server copy the bytes. Elsewhere they are read, hashed
   * and put here, as any stream. When this has resolved, the upload is gone; the ref is pending until it is committed,
   * like that of any put. When it rejects, the upload is still there, and can be confirmed again.
   * @param uploadId of `createUpload`. Whoever knows it can confirm the upload, once.
   * @param into a session-scoped store over this store, so that the intent comes before the copy; or this store.
   * @throws AttachmentNotFoundError when nothing was uploaded, or it was confirmed before (the session's `ref` then
   * knows it); AttachmentCorruptError when it is not what was announced; AttachmentInvalidArgumentError when that is
   * no id of an upload; what `into.put` throws.
   */
  confirmUpload(
    uploadId: string,
    into: AttachmentStore,
    { signal }: AttachmentSignalOptions = {},
  ): Promise<AttachmentRef> {
    return this.run('confirmUpload', signal, async () => {
      const finding = this.#uploads.find(uploadId, signal)
      const { content, meta, isChecked } = await this.#errors.wrap('confirmUpload', signal, finding)
      // Elsewhere the upload could be replaced between a look at it and a copy of it.
      const body = isChecked ? content : await into.prepare(content.stream(), { signal })
      try {
        if (body.id !== content.id) throw otherBytes(content.id)
        const ref = await into.put(body, meta, { signal })
        await this.#uploads.remove(content)
        return ref
      } finally {
        await body[Symbol.asyncDispose]()
      }
    })
  }

  /** As of every store. What {@link confirmUpload} puts has been verified already. */
  override prepare(body: AttachmentBody, options?: AttachmentSignalOptions): Promise<AttachmentContent> {
    return this.#uploads.isOwn(body) ? Promise.resolve(body) : super.prepare(body, options)
  }

  override put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options?: AttachmentPutOptions,
  ): Promise<AttachmentRef> {
    return this.#uploads.isOwn(body) ? this.#putUploaded(body, meta, options) : super.put(body, meta, options)
  }

  #putUploaded(
    content: UploadedContent,
    meta: AttachmentCreateMeta,
    options: AttachmentPutOptions = {},
  ): Promise<AttachmentRef> {
    return this.run('put', options.signal, async () => {
      const { id, byteLength } = content
      const generation = checkGeneration(options.generation ?? 0)
      const stored = storedMeta(id, byteLength, checkMeta(meta))
      if (byteLength > this.maxByteLength) throw new AttachmentTooLargeError(this.maxByteLength)
      await this.driver.write({ id, generation }, content, stored, options)
      return refTo(stored, generation)
    })
  }

  /** The generation of a blob that is there: as for `get`, 0 if there is such a blob. */
  async #generationOf(id: AttachmentId, signal: AbortSignal | undefined): Promise<number> {
    if ((await this.driver.stat({ id, generation: 0 }, { signal })) !== undefined) return 0
    for await (const { generation } of this.driver.list({ prefix: id, signal })) return generation
    throw new AttachmentNotFoundError(id)
  }
}

function otherBytes(id: AttachmentId): AttachmentCorruptError {
  return new AttachmentCorruptError(id, `what was uploaded as ${id} has another SHA-256; upload it again`)
}

function checked(options: S3AttachmentStoreOptions): S3AttachmentStoreOptions {
  // A name of dots would be resolved away in the URL of an object, which would then be in another bucket.
  const bucket: unknown = options.bucket
  if (typeof bucket !== 'string' || !/^[\w.:/-]+$/.test(bucket) || /^\.{1,2}$/.test(bucket)) {
    throw new AttachmentInvalidArgumentError('bucket must be the name of a bucket, or the ARN of an access point')
  }
  if (options.client !== undefined && options.clientConfig !== undefined) {
    throw new AttachmentInvalidArgumentError('give either client or clientConfig: the settings of a client are its own')
  }
  if ((options.client?.config ?? options.clientConfig)?.followRegionRedirects) {
    throw new AttachmentInvalidArgumentError(
      'followRegionRedirects must not be set: the SDK then sends requests that run at once to wrong regions; ' +
        'set region to that of the bucket, which errors name',
    )
  }
  return options
}
