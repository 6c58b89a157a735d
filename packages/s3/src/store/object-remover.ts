import { createHash } from 'node:crypto'
import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3'
import { AttachmentBackendError } from '@lash/attachments-core'
import { concurrently } from '@lash/attachments-core/backend'
import { errorDetails, isMissing, isUnsupported } from '../requests/s3-error.ts'
import { type Sender, withHeaders } from '../requests/sender.ts'

/** Deletes in flight at once, where a server has no batch delete. */
const singleConcurrency = 16

/** Deletes objects, many in one request where the server supports it. The first try shows whether it does. */
export class ObjectRemover {
  readonly #sender: Sender
  readonly #bucket: string
  #batches: boolean

  constructor(sender: Sender, bucket: string, batches: boolean) {
    this.#sender = sender
    this.#bucket = bucket
    this.#batches = batches
  }

  /** Removes up to 1,000 keys, each given once. Missing objects are no error. */
  async remove(keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    if (keys.length === 0) return
    if (keys.length > 1 && this.#batches) {
      try {
        return await this.#removeBatch(keys, signal)
      } catch (error) {
        if (!hasNoBatches(error)) throw error
        this.#batches = false
      }
    }
    await concurrently(keys, singleConcurrency, key => this.#removeOne(key, signal))
  }

  async #removeBatch(keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const input = { Bucket: this.#bucket, Delete: { Objects: keys.map(Key => ({ Key })), Quiet: true } }
    const command = new DeleteObjectsCommand(withHeaders(input, contentMd5))
    const { Errors = [] } = await this.#sender.send(command, signal)
    const failed = Errors.filter(error => error.Code !== 'NoSuchKey')
    const [first] = failed
    if (first === undefined) return
    throw new AttachmentBackendError(
      `${failed.length} of ${keys.length} objects were not deleted; ` +
        `the first, ${first.Key}: ${first.Code} ${first.Message ?? ''}; ` +
        'allow s3:DeleteObject, and look for an object lock',
    )
  }

  async #removeOne(key: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#sender.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }), signal)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
}

/** Google answers with 400 and NotImplemented or, when it takes the request for another one, InvalidArgument. */
function hasNoBatches(error: unknown): boolean {
  return isUnsupported(error) || errorDetails(error).code === 'InvalidArgument'
}

/** Older servers demand this header of a batch. The SDK sends a newer checksum instead. */
function contentMd5(body: unknown): Record<string, string> {
  return {
    'content-md5': createHash('md5')
      .update(body as string)
      .digest('base64'),
  }
}
