import { Readable } from 'node:stream'
import { CopyObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3'
import { type AttachmentContent, type AttachmentId, AttachmentNotFoundError } from '@lash/attachments-core'
import { isMissing } from '../requests/s3-error.ts'
import type { Sender } from '../requests/sender.ts'
import { readableOf } from '../store/response-body.ts'
import type { ObjectWrite } from '../upload/multipart.ts'

/** An object that somebody has uploaded by a URL. */
export interface UploadedObject {
  readonly id: AttachmentId
  readonly byteLength: number
  readonly bucket: string
  readonly name: string
}

/** The bytes of an upload, as a body. The server can copy them to where they belong. */
export class UploadedContent implements AttachmentContent {
  readonly id: AttachmentId
  readonly byteLength: number
  readonly object: UploadedObject
  readonly sender: Sender

  constructor(object: UploadedObject, sender: Sender) {
    this.id = object.id
    this.byteLength = object.byteLength
    this.object = object
    this.sender = sender
  }

  stream(): ReadableStream<Uint8Array> {
    return Readable.toWeb(Readable.from(this.#chunks())) as ReadableStream<Uint8Array>
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, void> {
    const { bucket, name } = this.object
    const command = new GetObjectCommand({ Bucket: bucket, Key: name })
    const { Body } = await this.#found(this.sender.send(command, undefined))
    yield* readableOf(Body) as AsyncIterable<Uint8Array>
  }

  /** @throws AttachmentNotFoundError when the upload is gone. */
  async copyTo({ bucket, key, mediaType, metadata, signal }: ObjectWrite): Promise<void> {
    const command = new CopyObjectCommand({
      Bucket: bucket,
      Key: key,
      CopySource: sourceOf(this.object),
      MetadataDirective: 'REPLACE',
      ContentType: mediaType,
      Metadata: metadata,
    })
    await this.#found(this.sender.send(command, signal))
  }

  async #found<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer
    } catch (error) {
      throw isMissing(error) ? new AttachmentNotFoundError(this.id) : error
    }
  }

  /** Nothing to free. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** The object as the source of a copy. */
export function sourceOf({ bucket, name }: Pick<UploadedObject, 'bucket' | 'name'>): string {
  const path = bucket.startsWith('arn:') ? `${bucket}/object/${name}` : `${bucket}/${name}`
  return path.split('/').map(encodeURIComponent).join('/')
}
