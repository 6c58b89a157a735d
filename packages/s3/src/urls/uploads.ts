import { randomBytes } from 'node:crypto'
import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import {
  type AttachmentCreateMeta,
  type AttachmentId,
  AttachmentInvalidArgumentError,
  type AttachmentMeta,
  AttachmentNotFoundError,
  AttachmentTooLargeError,
  contentId,
  isAttachmentId,
} from '@lash/attachments-core'
import { abortable, checkMeta, storedMeta } from '@lash/attachments-core/backend'
import { type PresignedRequest, presigned } from '../direct/direct.ts'
import { isMissing } from '../requests/s3-error.ts'
import { Sender } from '../requests/sender.ts'
import type { ObjectKeys } from '../store/object-key.ts'
import { decodeMetadata, encodeMetadata } from '../store/object-metadata.ts'
import { assertStrict } from './strictness.ts'
import { sourceOf, UploadedContent } from './uploaded-content.ts'
import { expiryOf, type S3ExpiryOptions } from './url-options.ts'

/** What is to be uploaded, and what is said about it. All of it is signed: nothing else can be uploaded. */
export interface S3UploadOptions extends AttachmentCreateMeta, S3ExpiryOptions {
  /** The SHA-256 of the bytes, in hex. */
  id: AttachmentId
  /** At most 5 GiB, the most that S3 takes in one request, and the store's `maxByteLength`. */
  byteLength: number
  signal?: AbortSignal | undefined
}

/** A request for a browser to send, with the bytes for a body. Plain JSON. */
export interface S3Upload {
  /** For `confirmUpload`. Nobody can guess it. */
  uploadId: string
  url: string
  method: 'PUT'
  /** To be sent as they stand. */
  headers: Record<string, string>
}

export interface FoundUpload {
  readonly content: UploadedContent
  readonly meta: AttachmentMeta
  /** Whether the server vouches for the SHA-256. It then takes no other bytes by the URL, however often it is used. */
  readonly isChecked: boolean
}

const maxUploadBytes = 5 * 1024 * 1024 * 1024

/**
 * Bytes that others upload, each under a name of its own, until they are verified and put.
 *
 * They never go straight to the name of the content. Whoever has a URL for that, and knows an id, could have bytes
 * taken for theirs that are there already, or replace them by others where the server does not check them.
 */
export class Uploads {
  readonly #client: S3Client
  readonly #bucket: string
  readonly #keys: ObjectKeys
  readonly #sender: Sender
  #strict: Promise<void> | undefined

  constructor(client: S3Client, ownsClient: boolean, bucket: string, keys: ObjectKeys) {
    this.#client = client
    this.#bucket = bucket
    this.#keys = keys
    this.#sender = new Sender(client, ownsClient)
  }

  /** @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, AttachmentBackendError. */
  async create(options: S3UploadOptions, maxByteLength: number): Promise<S3Upload> {
    const { id, byteLength, signal } = options
    const expiresIn = expiryOf(options)
    const meta = storedMeta(checkId(id), checkLength(byteLength, maxByteLength), checkMeta(options))
    return abortable(this.#create(meta, expiresIn), signal)
  }

  async #create(meta: AttachmentMeta, expiresIn: number): Promise<S3Upload> {
    this.#strict ??= this.#checkServer()
    await this.#strict
    const token = newToken()
    const request = await this.#presigned(this.#keys.ofUpload(token, meta.id), meta, expiresIn)
    return { uploadId: `${token}.${meta.id}`, method: 'PUT', ...request }
  }

  #presigned(name: string, meta: AttachmentMeta, expiresIn: number): Promise<PresignedRequest> {
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: name,
      ContentType: meta.mediaType,
      ContentLength: meta.byteLength,
      ChecksumSHA256: checksumOf(meta.id),
      Metadata: encodeMetadata(meta),
    })
    return presigned(this.#client, command, { expiresIn, stableFor: 0 })
  }

  /** Once, with an object that nobody knows of. When it fails, the next upload asks again. */
  async #checkServer(): Promise<void> {
    const nothing = storedMeta(contentId(new Uint8Array(0)), 0, { mediaType: 'application/octet-stream' })
    const object = { bucket: this.#bucket, name: this.#keys.ofUpload(newToken(), nothing.id) }
    try {
      await assertStrict(await this.#presigned(object.name, nothing, 900), sourceOf(object))
    } catch (error) {
      this.#strict = undefined
      throw error
    } finally {
      await this.#remove(object.name)
    }
  }

  /**
   * What was uploaded, not yet verified.
   * @throws AttachmentInvalidArgumentError when it is no id of an upload, AttachmentNotFoundError.
   */
  async find(uploadId: string, signal: AbortSignal | undefined): Promise<FoundUpload> {
    const { token, id } = parse(uploadId)
    const name = this.#keys.ofUpload(token, id)
    const input = { Bucket: this.#bucket, Key: name, ChecksumMode: 'ENABLED' } as const
    const head = await this.#sender.send(new HeadObjectCommand(input), signal).catch(error => {
      throw isMissing(error) ? new AttachmentNotFoundError(id) : error
    })
    const meta = decodeMetadata(id, head.Metadata)
    const object = { id, byteLength: head.ContentLength ?? meta.byteLength, bucket: this.#bucket, name }
    const content = new UploadedContent(object, this.#sender)
    return { content, meta, isChecked: head.ChecksumSHA256 === checksumOf(id) }
  }

  isOwn(body: unknown): body is UploadedContent {
    return body instanceof UploadedContent && body.sender === this.#sender
  }

  remove({ object }: UploadedContent): Promise<void> {
    return this.#remove(object.name)
  }

  /** If this fails, the bucket's lifecycle rule does it. */
  async #remove(name: string): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key: name })
    await this.#sender.send(command, undefined).catch(() => {})
  }
}

function newToken(): string {
  return randomBytes(16).toString('base64url')
}

/** The id as S3 writes a checksum. */
function checksumOf(id: AttachmentId): string {
  return Buffer.from(id, 'hex').toString('base64')
}

function parse(uploadId: unknown): { token: string; id: AttachmentId } {
  const [, token, id] = /^([\w-]{22})\.([0-9a-f]{64})$/.exec(String(uploadId)) ?? []
  if (token !== undefined && id !== undefined) return { token, id }
  throw new AttachmentInvalidArgumentError('uploadId must be what createUpload gave')
}

function checkId(id: unknown): AttachmentId {
  if (isAttachmentId(id)) return id
  throw new AttachmentInvalidArgumentError('id must be the SHA-256 of the bytes, in 64 lower-case hex digits')
}

function checkLength(byteLength: number, maxByteLength: number): number {
  const most = Math.min(maxByteLength, maxUploadBytes)
  if (byteLength > most) throw new AttachmentTooLargeError(most)
  if (Number.isSafeInteger(byteLength) && byteLength >= 0) return byteLength
  throw new AttachmentInvalidArgumentError('byteLength must be a whole number of bytes, 0 or more')
}
