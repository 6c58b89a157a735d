import { load } from '../calls/load.ts'
import { rejectBody } from './abandon.ts'
import { type AttachmentBody, type ContentOptions, PreparedContent } from './content.ts'
import { copyOf } from './copy.ts'
import { digest } from './digest.ts'
import type { AttachmentId } from './id.ts'

/**
 * Reads and hashes a body. A small array is done at once, without a promise. When this fails, the body's source has
 * been told.
 * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, `signal.reason`, or what the source failed with.
 */
export function prepareContent(
  body: AttachmentBody,
  options: ContentOptions,
): PreparedContent | Promise<PreparedContent> {
  const bytes = copyOf(body, options.maxByteLength)
  if (bytes === undefined) return readSource(body, options)
  const held = (id: AttachmentId) => new PreparedContent(id, bytes, bytes.byteLength)
  const id = digest(bytes)
  return typeof id === 'string' ? held(id) : id.then(held)
}

async function readSource(body: AttachmentBody, options: ContentOptions): Promise<PreparedContent> {
  const source = await sourceReading().catch(error => rejectBody(body, error))
  return source.readSource(body, options.signal(), options)
}

/** A module of its own, so that core also loads where there is no file system. */
export function sourceReading(): Promise<typeof import('./source.ts')> {
  return load(import('./source.ts'))
}
