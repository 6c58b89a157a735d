import { GetObjectCommand, type S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import {
  type AttachmentId,
  AttachmentInvalidArgumentError,
  AttachmentNotFoundError,
  type AttachmentSpoolOptions,
  isAttachmentId,
  PortableAttachmentStore,
} from '@lash/attachments-core'
import { abortable, checkGeneration, placed } from '@lash/attachments-core/backend'
import { presigned } from '../direct/direct.ts'
import { BackendErrors } from '../requests/backend-errors.ts'
import { createClient, needsMiddleware, ownsConnections } from '../requests/client.ts'
import type { MultipartOptions } from '../upload/multipart.ts'
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

  /** The generation of a blob that is there: as for `get`, 0 if there is such a blob. */
  async #generationOf(id: AttachmentId, signal: AbortSignal | undefined): Promise<number> {
    if ((await this.driver.stat({ id, generation: 0 }, { signal })) !== undefined) return 0
    for await (const { generation } of this.driver.list({ prefix: id, signal })) return generation
    throw new AttachmentNotFoundError(id)
  }
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
