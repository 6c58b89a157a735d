import { setTimeout as sleep } from 'node:timers/promises'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { AttachmentBackendError, type AttachmentContent, type AttachmentMeta } from '@lash/attachments-core'
import { readInto } from '@lash/attachments-core/backend'
import type { DirectPut } from '../direct/direct-put.ts'
import { failureOf, isConflict, isUnsupported } from '../requests/failure.ts'
import { type Sender, withHeaders } from '../requests/sender.ts'
import type { MultipartUpload, ObjectWrite } from '../upload/multipart.ts'
import { turnToSend } from '../upload/turn-to-send.ts'
import { encodeMetadata } from './object-metadata.ts'
import { RecentKeys } from './recent-keys.ts'

/** What stands where an object is to be written. */
export type Presence = 'absent' | 'right' | 'wrong'

/** Above this, asking first costs less than sending the bytes of an object that is there already. */
const askFirstBytes = 1024 * 1024
const maxAttempts = 6

/**
 * Writes objects that are not there yet.
 *
 * A small body goes up in one request, on the condition that there is no such object; of two writers, one gets a 412 and looks at what
 * the other has written. A big body, and one that this store has seen already, is asked for first, so that nothing goes up in vain.
 * What is there with the wrong length or unreadable metadata is replaced, without a condition: every right copy is the same.
 */
export class ObjectWriter {
  readonly #sender: Sender
  readonly #multipart: MultipartUpload
  readonly #direct: DirectPut | undefined
  readonly #look: (write: ObjectWrite) => Promise<Presence>
  readonly #seen = new RecentKeys(10_000)
  #conditional: boolean

  constructor(
    sender: Sender,
    multipart: MultipartUpload,
    direct: DirectPut | undefined,
    conditional: boolean,
    look: (write: ObjectWrite) => Promise<Presence>,
  ) {
    this.#sender = sender
    this.#multipart = multipart
    this.#direct = direct
    this.#conditional = conditional
    this.#look = look
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
    const askFirst = !this.#conditional || content.byteLength > askFirstBytes || this.#seen.has(key)
    let presence: Presence = askFirst ? await this.#look(write) : 'absent'
    for (let attempt = 1; presence !== 'right'; attempt++) {
      presence = await this.#attempt({ ...write, onlyIfAbsent: this.#conditional && presence === 'absent' }, attempt)
    }
    this.#seen.add(key)
  }

  /** Tries to write; gives what stands there afterwards. */
  async #attempt(write: ObjectWrite, attempt: number): Promise<Presence> {
    try {
      await this.#send(write)
      return 'right'
    } catch (error) {
      if (attempt >= maxAttempts) throw error
      if (write.onlyIfAbsent && isUnsupported(error)) {
        this.#conditional = false
        return this.#look(write)
      }
      if (isConflict(error)) {
        const presence = await this.#look(write)
        if (presence !== 'right') await sleep(Math.random() * 50 * attempt, undefined, { signal: write.signal })
        return presence
      }
      // The answer to a completion that succeeded may be lost; its repetition then finds no upload, and some servers say 500.
      if (this.#isMultipart(write) && mayHaveSucceeded(error) && (await this.#look(write)) === 'right') {
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
    if (this.#isMultipart(write)) return this.#multipart.write(write)
    if (content.bytes !== undefined) return this.#put(write, content.bytes)
    await this.#multipart.memory.use(content.byteLength, write.signal, async buffer => {
      await readInto(buffer, content, write.signal)
      await this.#put(write, buffer)
    })
  }

  async #put(write: ObjectWrite, bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength !== write.content.byteLength)
      throw new AttachmentBackendError('the content is not as long as it says')
    await turnToSend(bytes.byteLength, write.signal)
    if (this.#direct !== undefined && (await this.#direct.put(write, bytes))) return
    const { bucket, key, content, mediaType, metadata } = write
    const input = { Bucket: bucket, Key: key, Body: bytes, ContentType: mediaType, Metadata: metadata }
    // The id is the SHA-256 of the bytes, and that is what a signed request carries as the hash of its body: the server
    // compares it with what arrived, and nothing is hashed a second time.
    const signed = withHeaders(input, { 'x-amz-content-sha256': content.id })
    const condition = write.onlyIfAbsent ? { IfNoneMatch: '*' } : undefined
    const { ETag } = await this.#sender.send(new PutObjectCommand(Object.assign(signed, condition)), write.signal)
    // Whatever else answers 200 to everything, such as a login page, gives no ETag, and has stored nothing.
    if (ETag === undefined && (await this.#look(write)) !== 'right') throw notS3()
  }
}

function notS3(): AttachmentBackendError {
  return new AttachmentBackendError(
    'the put was answered as done, and there is no such object: what answers is not an S3 server; check clientConfig.endpoint, and look for a proxy that answers by itself',
  )
}

function mayHaveSucceeded(error: unknown): boolean {
  const { code, status } = failureOf(error)
  return code === 'NoSuchUpload' || status === 404 || (status !== undefined && status >= 500)
}
