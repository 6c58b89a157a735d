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
import { PartMemory } from './part-memory.ts'
import { PartSource } from './part-source.ts'

export interface MultipartOptions {
  /**
   * Bytes of a part, and of the largest body that goes up in one request. From 5 MiB to 5 GiB, as S3 demands; default 8 MiB. Grows by itself where
   * a body would need more than 10,000 parts.
   */
  partBytes?: number | undefined
  /** Parts in flight at once, over all puts of the store. Default 8. With `partBytes` it bounds the memory of uploads. */
  concurrency?: number | undefined
}

const minPartBytes = 5 * 1024 * 1024
const maxPartBytes = 5 * 1024 * 1024 * 1024
const maxParts = 10_000

/** What one object is to become. */
export interface ObjectWrite {
  readonly bucket: string
  readonly key: string
  readonly content: AttachmentContent
  readonly mediaType: string
  readonly metadata: Record<string, string>
  /** Fail with 412 when there is such an object already. */
  readonly onlyIfAbsent: boolean
  readonly signal: AbortSignal | undefined
}

interface PartChecksum {
  readonly ChecksumAlgorithm?: 'CRC32'
}

/** Uploads in parts, several at once. The object appears as a whole when the last call is done, or not at all. */
export class MultipartUpload {
  readonly partBytes: number
  readonly memory: PartMemory
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
    this.memory = new PartMemory(partBytes * concurrency)
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
   * Of a client that sends checksums beside the signed hash, which is the SDK's default, the one that its parts have. AWS refuses them in an
   * upload that did not announce them, or does not repeat them at its end.
   */
  async #checksum(): Promise<PartChecksum> {
    return (await this.#sender.sendsChecksums()) ? { ChecksumAlgorithm: 'CRC32' } : {}
  }

  async #sendParts(write: ObjectWrite, uploadId: string, checksum: PartChecksum): Promise<CompletedPart[]> {
    const partBytes = Math.max(this.partBytes, Math.ceil(write.content.byteLength / maxParts))
    // The first failure ends the parts still in flight: nobody wants them any more.
    const stop = new AbortController()
    const signal = write.signal === undefined ? stop.signal : AbortSignal.any([write.signal, stop.signal])
    const source = new PartSource(write.content, this.memory, partBytes)
    const parts: CompletedPart[] = new Array(source.count)
    const sendNext = async () => {
      try {
        signal.throwIfAborted()
        await source.next(signal, async (index, bytes) => {
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
      await source.close()
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

  /** Frees what the server keeps of the upload. When that fails too, the bucket's lifecycle rule does it later. */
  async #abort({ bucket, key }: ObjectWrite, uploadId: string): Promise<void> {
    const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId })
    // The caller's signal may be what ended the upload, so this has one of its own.
    await this.#sender.send(command, AbortSignal.timeout(10_000)).catch(() => {})
  }
}
