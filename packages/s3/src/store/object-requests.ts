import { GetObjectCommand, HeadBucketCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import type { DirectObjects, GotObject } from '../direct/direct.ts'
import { errorDetails, isMissing, isRefusal } from '../requests/s3-error.ts'
import type { S3Command, Sender } from '../requests/sender.ts'
import { readableOf } from './response-body.ts'

/**
 * GET and HEAD of objects that may be missing. Tells a missing object, which is a result, from a missing bucket, an
 * error.
 */
export class ObjectRequests {
  readonly #sender: Sender
  readonly #direct: DirectObjects | undefined
  readonly #bucket: string
  #bucketExists = false

  /** @param direct - the short way, where requests may go around the SDK's middleware. */
  constructor(sender: Sender, direct: DirectObjects | undefined, bucket: string) {
    this.#sender = sender
    this.#direct = direct
    this.#bucket = bucket
  }

  /** Tells that some answer has shown that the bucket exists, so that a 404 is about the object. */
  bucketExists(): void {
    this.#bucketExists = true
  }

  /** Undefined when there is no such object. */
  async get(name: string, range: string | undefined, signal: AbortSignal | undefined): Promise<GotObject | undefined> {
    const got = await this.#direct?.get(this.#bucket, name, range, signal)
    if (got !== undefined) {
      this.bucketExists()
      return got
    }
    const input = { Bucket: this.#bucket, Key: name, ...(range === undefined ? {} : { Range: range }) }
    return this.#send(new GetObjectCommand(input), signal)
  }

  /** The object without its bytes. Undefined when there is no such object. */
  async head(name: string, signal: AbortSignal | undefined): Promise<GotObject | undefined> {
    const found = await this.#direct?.head(this.#bucket, name, signal)
    if (found === 'missing' && this.#bucketExists) return undefined
    if (found !== undefined && found !== 'missing') {
      this.bucketExists()
      return found
    }
    const input = { Bucket: this.#bucket, Key: name }
    try {
      return await this.#send(new HeadObjectCommand(input), signal)
    } catch (error) {
      // The answer to a HEAD has no body, so it cannot say why it refused. The answer to a GET can.
      if (!isRefusal(error)) throw error
      const got = await this.#sender.send(new GetObjectCommand({ ...input, Range: 'bytes=0-0' }), signal)
      readableOf(got.Body).destroy()
      throw error
    }
  }

  async #send<Output>(command: S3Command<Output>, signal: AbortSignal | undefined): Promise<Output | undefined> {
    try {
      const answer = await this.#sender.send(command, signal)
      this.bucketExists()
      return answer
    } catch (error) {
      if (!isMissing(error)) throw error
      if (errorDetails(error).code !== 'NoSuchKey' && !this.#bucketExists) await this.#checkBucket(error, signal)
      this.bucketExists()
      return undefined
    }
  }

  /** A 404 without a body may be about the bucket. @throws NoSuchBucket. */
  async #checkBucket(cause: unknown, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#sender.send(new HeadBucketCommand({ Bucket: this.#bucket }), signal)
    } catch (error) {
      const { status } = errorDetails(error)
      if (status === 404) throw Object.assign(new Error('', { cause }), { name: 'NoSuchBucket' })
      // A 403 means that the bucket exists, and that the credentials may not look at it.
      if (status !== 403) throw error
    }
  }
}
