import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { AttachmentBackendError, type AttachmentContent, AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { concurrently } from '@lash/attachments-core/backend'
import { type Sender, withHeaders } from '../requests/sender.ts'
import { BufferPool } from './buffer-pool.ts'
import { PartReader } from './part-reader.ts'

export interface MultipartOptions {
  /**
   * Bytes of a part, and of the largest body that goes up in one request. From 5 MiB to 5 GiB, as S3 demands; default 8
   * MiB. For a body that would need more than 10,000 parts, the parts are bigger.
   */
  partBytes?: number | undefined
  /**
   * Parts in flight at once, over all puts of the store. Default 8. With `partBytes` it bounds the memory of uploads.
   */
  concurrency?: number | undefined
}

const minPartBytes = 5 * 1024 * 1024
const maxPartBytes = 5 * 1024 * 1024 * 1024
const maxParts = 10_000

/** An object to write. */
export interface ObjectWrite {
  readonly bucket: string
  readonly key: string
  readonly content: AttachmentContent
  readonly mediaType: string
  readonly metadata: Record<string, string>
  /** Whether to fail with 412 when the object is there already. */
  readonly onlyIfAbsent: boolean
  readonly signal: AbortSignal | undefined
}

interface PartChecksum {
  readonly ChecksumAlgorithm?: 'CRC32'
}

/** Uploads in parts, several at once. The object appears whole when the upload is completed, or not at all. */
export class MultipartUpload {
  readonly partBytes: number
  readonly buffers: BufferPool
  readonly #sender: Sender
  readonly #concurrency: number

  constructor(sender: Sender, options: MultipartOptions) {
    const { partBytes = 8 * 1024 * 1024, concurrency = 8 } = options
    if (!Number.isSafeInteger(partBytes) || partBytes < minPartBytes || partBytes > maxPartBytes) {
      throw new AttachmentInvalidArgumentError(
        `multipart.partBytes must be a whole number from ${minPartBytes} to ${maxPartBytes}`,
      )
    }
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new AttachmentInvalidArgumentError('multipart.concurrency must be at least 1')
    }
    this.partBytes = partBytes
    this.buffers = new BufferPool(partBytes * concurrency)
    this.#sender = sender
    this.#concurrency = concurrency
  }

  async write(write: ObjectWrite): Promise<void> {
    const { bucket, key, mediaType, metadata, signal } = write
    const checksum = await this.#checksum()
    const input = { Bucket: bucket, Key: key, ContentType: mediaType, Metadata: metadata, ...checksum }
    const created = await this.#sender.send(new CreateMultipartUploadCommand(input), signal)
    if (created.UploadId === undefined) {
      throw new AttachmentBackendError('the server gave no id for a multipart upload; it may not be an S3 server')
    }
    try {
      const parts = await this.#sendParts(write, created.UploadId, checksum)
      await this.#complete(write, created.UploadId, parts)
    } catch (error) {
      await this.#abort(write, created.UploadId)
      throw error
    }
  }

  /**
   * The checksum of the parts, when the client sends checksums beside the signed hash, as the SDK does by default. AWS
   * refuses checksums in an upload that did not announce them, or that does not repeat them at its end.
   */
  async #checksum(): Promise<PartChecksum> {
    return (await this.#sender.sendsChecksums()) ? { ChecksumAlgorithm: 'CRC32' } : {}
  }

  async #sendParts(write: ObjectWrite, uploadId: string, checksum: PartChecksum): Promise<CompletedPart[]> {
    const partBytes = Math.max(this.partBytes, Math.ceil(write.content.byteLength / maxParts))
    // The first failure aborts the parts in flight.
    const stop = new AbortController()
    const signal = write.signal === undefined ? stop.signal : AbortSignal.any([write.signal, stop.signal])
    const reader = new PartReader(write.content, this.buffers, partBytes)
    const parts: CompletedPart[] = new Array(reader.count)
    const sendNext = async () => {
      try {
        signal.throwIfAborted()
        await reader.next(signal, async (index, bytes) => {
          parts[index] = await this.#sendPart(write, uploadId, index + 1, bytes, checksum, signal)
        })
      } catch (error) {
        stop.abort(error)
        throw signal.reason
      }
    }
    try {
      await concurrently([...parts.keys()], this.#concurrency, sendNext)
    } finally {
      await reader.close()
    }
    return parts
  }

  async #sendPart(
    write: ObjectWrite,
    uploadId: string,
    partNumber: number,
    bytes: Uint8Array,
    checksum: PartChecksum,
    signal: AbortSignal,
  ): Promise<CompletedPart> {
    const hash = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
    const part = { Bucket: write.bucket, Key: write.key, UploadId: uploadId, PartNumber: partNumber, Body: bytes }
    const input = { ...part, ...checksum }
    const headers = { 'x-amz-content-sha256': Buffer.from(hash).toString('hex') }
    const { ETag, ChecksumCRC32 } = await this.#sender.send(new UploadPartCommand(withHeaders(input, headers)), signal)
    const sent = checksum.ChecksumAlgorithm === undefined ? {} : { ChecksumCRC32 }
    return { PartNumber: partNumber, ETag, ...sent }
  }

  async #complete(write: ObjectWrite, uploadId: string, parts: CompletedPart[]): Promise<void> {
    const input = { Bucket: write.bucket, Key: write.key, UploadId: uploadId, MultipartUpload: { Parts: parts } }
    const condition = write.onlyIfAbsent ? { IfNoneMatch: '*' } : {}
    await this.#sender.send(new CompleteMultipartUploadCommand({ ...input, ...condition }), write.signal)
  }

  /** Has the server drop the parts. When that fails too, the bucket's lifecycle rule does it later. */
  async #abort({ bucket, key }: ObjectWrite, uploadId: string): Promise<void> {
    const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId })
    // Not with the caller's signal, which may be what ended the upload.
    await this.#sender.send(command, AbortSignal.timeout(10_000)).catch(() => {})
  }
}
