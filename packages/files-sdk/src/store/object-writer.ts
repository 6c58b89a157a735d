import {
  AttachmentBackendError,
  type AttachmentContent,
  type AttachmentKey,
  type AttachmentMeta,
} from '@lash/attachments-core'
import type { Adapter } from 'files-sdk'
import { isConflict } from './adapter-errors.ts'
import { isOneRequest, objectBytes, objectStream, partsOf } from './object-body.ts'
import { decodeHeader, encodeHeader, headerBytes } from './object-header.ts'
import { abortedBy, type Objects } from './objects.ts'

/** Of every object. What it holds begins with a header, and is no file of the blob's own type. */
const contentType = 'application/octet-stream'

/** Writes the object of a blob, unless it is there and intact. */
export class ObjectWriter {
  readonly #adapter: Adapter
  readonly #objects: Objects

  constructor(adapter: Adapter, objects: Objects) {
    this.#adapter = adapter
    this.#objects = objects
  }

  async write(
    key: AttachmentKey,
    name: string,
    content: AttachmentContent,
    meta: AttachmentMeta,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { conditional } = this.#adapter
    const { byteLength } = content
    const found = await this.#look(key, name, byteLength, signal)
    if (found === 'intact') return
    const header = encodeHeader(meta)
    const body = isOneRequest(content) ? await objectBytes(header, content, signal) : undefined
    const options = { contentType, ...abortedBy(signal) }
    signal?.throwIfAborted()
    if (found === 'absent' && body !== undefined && conditional?.create !== undefined) {
      if (await wasFirst(conditional.create(name, body, options))) return
      // Another writer has created it, or is about to.
      if ((await this.#look(key, name, byteLength, signal)) === 'intact') return
    }
    const whole = body ?? objectStream(header, content, signal)
    const stored = await this.#adapter.upload(name, whole, { ...options, ...partsOf(headerBytes + byteLength) })
    if (stored.key !== name) throw renamed(name, stored.key)
  }

  async #look(
    key: AttachmentKey,
    name: string,
    byteLength: number,
    signal: AbortSignal | undefined,
  ): Promise<'absent' | 'damaged' | 'intact'> {
    const objectLength = await this.#objects.lengthOf(name, signal)
    if (objectLength === undefined) return 'absent'
    if (objectLength !== headerBytes + byteLength) return 'damaged'
    const header = await this.#objects.headerOf(name, signal)
    if (header === undefined) return 'absent'
    try {
      return decodeHeader(key, header).byteLength === byteLength ? 'intact' : 'damaged'
    } catch {
      return 'damaged'
    }
  }
}

async function wasFirst(creating: Promise<unknown>): Promise<boolean> {
  try {
    await creating
    return true
  } catch (error) {
    if (isConflict(error)) return false
    throw error
  }
}

function renamed(name: string, given: string): Error {
  return new AttachmentBackendError(
    `the service gave an object the name ${given} instead of ${name}; it cannot hold attachments, ` +
      'or its adapter has an option such as addRandomSuffix, which must be off',
  )
}
