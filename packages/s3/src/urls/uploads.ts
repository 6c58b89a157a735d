import { createHash, randomBytes } from 'node:crypto'
import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import {
  AttachmentCorruptError,
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
import { assertStrict, refusesOtherBytes } from './strictness.ts'
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
const noBytes = contentId(new Uint8Array(0))
/** Of an upload that has no bytes, it is the wrong checksum. */
const otherBytes = contentId(Uint8Array.of(0))

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
  readonly #assertStrict = onceDone(() => this.#tried(noBytes, assertStrict))
  readonly #checksBytes = onceDone(() => this.#tried(otherBytes, refusesOtherBytes))

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
    await this.#assertStrict()
    const token = tokenFor(meta)
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

  /** Tries the server with a request for an object of no bytes that nobody knows of, and removes what it leaves. */
  async #tried<T>(id: AttachmentId, attempt: (upload: PresignedRequest, source: string) => Promise<T>): Promise<T> {
    const nothing = storedMeta(id, 0, { mediaType: 'application/octet-stream' })
    const name = this.#keys.ofUpload(tokenFor(nothing), id)
    try {
      return await attempt(await this.#presigned(name, nothing, 900), sourceOf({ bucket: this.#bucket, name }))
    } finally {
      await this.#remove(name)
    }
  }

  /**
   * What was uploaded, not yet verified.
   * @throws AttachmentInvalidArgumentError when it is no id of an upload, AttachmentNotFoundError,
   * AttachmentCorruptError when other metadata came with it than was announced.
   */
  async find(uploadId: string, signal: AbortSignal | undefined): Promise<FoundUpload> {
    const { token, id } = parse(uploadId)
    const name = this.#keys.ofUpload(token, id)
    const input = { Bucket: this.#bucket, Key: name, ChecksumMode: 'ENABLED' } as const
    const head = await this.#sender.send(new HeadObjectCommand(input), signal).catch(error => {
      throw isMissing(error) ? new AttachmentNotFoundError(id) : error
    })
    const meta = announcedMeta(token, id, head.Metadata)
    const object = { id, byteLength: head.ContentLength ?? meta.byteLength, bucket: this.#bucket, name }
    const content = new UploadedContent(object, this.#sender)
    return { content, meta, isChecked: head.ChecksumSHA256 === checksumOf(id) && (await this.#checksBytes()) }
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

/** 128 random bits, and as many of a digest of the metadata: part of the name, which is signed as it stands. */
function tokenFor(meta: AttachmentMeta): string {
  return Buffer.concat([randomBytes(16), digestOf(meta)]).toString('base64url')
}

/** Some servers take headers of metadata that were not signed, beside those that were. */
function announcedMeta(token: string, id: AttachmentId, fields: Record<string, string> | undefined): AttachmentMeta {
  try {
    const meta = decodeMetadata(id, fields)
    if (Buffer.from(token, 'base64url').subarray(16).equals(digestOf(meta))) return meta
    throw new Error('it is not that which was signed')
  } catch (cause) {
    throw new AttachmentCorruptError(id, `what was uploaded as ${id} has other metadata; upload it again`, { cause })
  }
}

function digestOf({ mediaType, byteLength, width, height, label }: AttachmentMeta): Buffer {
  const text = JSON.stringify([mediaType, byteLength, width, height, label])
  return createHash('sha256').update(text).digest().subarray(0, 16)
}

/** As long as it fails, it is done again. */
function onceDone<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined
  return () => {
    done ??= work().catch(error => {
      done = undefined
      throw error
    })
    return done
  }
}

/** The id as S3 writes a checksum. */
function checksumOf(id: AttachmentId): string {
  return Buffer.from(id, 'hex').toString('base64')
}

function parse(uploadId: unknown): { token: string; id: AttachmentId } {
  const [, token, id] = /^([\w-]{43})\.([0-9a-f]{64})$/.exec(String(uploadId)) ?? []
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
