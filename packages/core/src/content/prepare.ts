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
  const id = digest(bytes)
  return typeof id === 'string' ? held(bytes, id) : id.then(digested => held(bytes, digested))
}

/** In a module of its own, so that core also loads where there is no file system. */
async function readSource(body: AttachmentBody, options: ContentOptions): Promise<PreparedContent> {
  const source = await load(import('./source.ts')).catch(error => rejectBody(body, error))
  return source.readSource(body, options.signal(), options)
}

function held(bytes: Uint8Array, id: AttachmentId): PreparedContent {
  return new PreparedContent(id, bytes, bytes.byteLength)
}
