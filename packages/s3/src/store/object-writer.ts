import { setTimeout as sleep } from 'node:timers/promises'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import {
  AttachmentBackendError,
  type AttachmentContent,
  type AttachmentMeta,
  AttachmentMetadataDecodeError,
  AttachmentMissingMetaError,
} from '@lash/attachments-core'
import { readInto } from '@lash/attachments-core/backend'
import type { DirectObjects } from '../direct/direct.ts'
import { errorDetails, isConflict, isUnsupported } from '../requests/s3-error.ts'
import { type Sender, withHeaders } from '../requests/sender.ts'
import type { MultipartUpload, ObjectWrite } from '../upload/multipart.ts'
import { turnToSend } from '../upload/turn-to-send.ts'
import { UploadedContent } from '../urls/uploaded-content.ts'
import { LruSet } from './lru-set.ts'
import { decodeMetadata, encodeMetadata } from './object-metadata.ts'
import type { ObjectRequests } from './object-requests.ts'

/** Above this length, to ask first costs less than to send the bytes of an object that is there already. */
const askFirstBytes = 1024 * 1024
const maxAttempts = 6

/** What is stored where an object is to be written: nothing, the right object, or one that is damaged. */
type Presence = 'absent' | 'right' | 'wrong'

export interface ObjectWriterOptions {
  readonly sender: Sender
  readonly objects: ObjectRequests
  readonly multipart: MultipartUpload
  /** The short way, where requests may go around the SDK's middleware. */
  readonly direct: DirectObjects | undefined
  /** Whether the server may know conditional puts. */
  readonly conditional: boolean
}

/**
 * Writes objects that are not there yet.
 *
 * A small body goes up in one request, on the condition that there is no such object. Of two writers, one gets a 412
 * and looks at what the other has written. For a big body, and for one that this store wrote before, the writer asks
 * first whether it is there, so that nothing goes up in vain. An object of the wrong length or with unreadable metadata
 * is replaced without a condition: all right copies are the same.
 */
export class ObjectWriter {
  readonly #sender: Sender
  readonly #objects: ObjectRequests
  readonly #multipart: MultipartUpload
  readonly #direct: DirectObjects | undefined
  readonly #written = new LruSet(10_000)
  #conditional: boolean

  constructor({ sender, objects, multipart, direct, conditional }: ObjectWriterOptions) {
    this.#sender = sender
    this.#objects = objects
    this.#multipart = multipart
    this.#direct = direct
    this.#conditional = conditional
  }

  async write(
    bucket: string,
    key: string,
    content: AttachmentContent,
    meta: AttachmentMeta,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { mediaType } = meta
    const write = { bucket, key, content, mediaType, metadata: encodeMetadata(meta), onlyIfAbsent: false, signal }
    const askFirst =
      // A copy knows no condition.
      content instanceof UploadedContent ||
      !this.#conditional ||
      content.byteLength > askFirstBytes ||
      this.#written.has(key)
    let presence: Presence = askFirst ? await this.#presence(write) : 'absent'
    for (let attempt = 1; presence !== 'right'; attempt++) {
      presence = await this.#attempt({ ...write, onlyIfAbsent: this.#conditional && presence === 'absent' }, attempt)
    }
    this.#written.add(key)
  }

  async #presence({ key, content, signal }: ObjectWrite): Promise<Presence> {
    const head = await this.#objects.head(key, signal)
    if (head === undefined) return 'absent'
    try {
      const { byteLength } = decodeMetadata(content.id, head.Metadata)
      return head.ContentLength === content.byteLength && byteLength === content.byteLength ? 'right' : 'wrong'
    } catch (error) {
      if (AttachmentMissingMetaError.isInstance(error) || AttachmentMetadataDecodeError.isInstance(error)) {
        return 'wrong'
      }
      throw error
    }
  }

  /** Tries to write, and says what is stored afterwards. */
  async #attempt(write: ObjectWrite, attempt: number): Promise<Presence> {
    try {
      await this.#send(write)
      return 'right'
    } catch (error) {
      if (attempt >= maxAttempts) throw error
      if (write.onlyIfAbsent && isUnsupported(error)) {
        this.#conditional = false
        return this.#presence(write)
      }
      if (isConflict(error)) {
        const presence = await this.#presence(write)
        if (presence !== 'right') await sleep(Math.random() * 50 * attempt, undefined, { signal: write.signal })
        return presence
      }
      // The answer to a successful completion may get lost. Its repetition finds no upload then, and some servers say
      // 500.
      if (this.#isMultipart(write) && mayHaveSucceeded(error) && (await this.#presence(write)) === 'right') {
        return 'right'
      }
      throw error
    }
  }

  #isMultipart({ content }: ObjectWrite): boolean {
    return content.byteLength > this.#multipart.partBytes
  }

  async #send(write: ObjectWrite): Promise<void> {
    const { content } = write
    if (content instanceof UploadedContent) return content.copyTo(write)
    if (this.#isMultipart(write)) return this.#multipart.write(write)
    if (content.bytes !== undefined) return this.#put(write, content.bytes)
    await this.#multipart.buffers.use(content.byteLength, write.signal, async buffer => {
      await readInto(buffer, content, write.signal)
      await this.#put(write, buffer)
    })
  }

  async #put(write: ObjectWrite, bytes: Uint8Array): Promise<void> {
    const { bucket, key, content, mediaType, metadata, signal } = write
    if (bytes.byteLength !== content.byteLength) {
      throw new AttachmentBackendError('the content is not as long as it says')
    }
    await turnToSend(bytes.byteLength, signal)
    if (this.#direct !== undefined && (await this.#direct.put(write, bytes))) return
    const input = { Bucket: bucket, Key: key, Body: bytes, ContentType: mediaType, Metadata: metadata }
    // The id is the SHA-256 of the bytes, which a signed request carries as the hash of its body. The server compares
    // it with the bytes that arrive, and nothing is hashed a second time.
    const signed = withHeaders(input, { 'x-amz-content-sha256': content.id })
    const condition = write.onlyIfAbsent ? { IfNoneMatch: '*' } : undefined
    const { ETag } = await this.#sender.send(new PutObjectCommand(Object.assign(signed, condition)), signal)
    // What answers 200 to everything, such as a login page, gives no ETag, and has stored nothing.
    if (ETag === undefined && (await this.#presence(write)) !== 'right') throw notS3()
  }
}

function notS3(): AttachmentBackendError {
  return new AttachmentBackendError(
    'the put was answered as done, and there is no such object: what answers is not an S3 server; ' +
      'check clientConfig.endpoint, and look for a proxy that answers by itself',
  )
}

function mayHaveSucceeded(error: unknown): boolean {
  const { code, status } = errorDetails(error)
  return code === 'NoSuchUpload' || status === 404 || (status !== undefined && status >= 500)
}
