import { loaded } from '../calls/load.ts'
import { rejectBody } from './abandon.ts'
import { type AttachmentBody, type ContentOptions, PreparedContent } from './content.ts'
import { copyOf } from './copy.ts'
import { digest } from './digest.ts'
import type { AttachmentId } from './id.ts'

/** A module of its own, so that core also loads where there is no file system. */
export const sourceReading: () => Promise<typeof import('./source.ts')> = loaded(() => import('./source.ts'))

/**
 * Copies and hashes an array. Undefined when the body is none. A small one is done at once, without a promise.
 * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError.
 */
export function heldContent(
  body: AttachmentBody,
  maxByteLength: number,
): PreparedContent | Promise<PreparedContent> | undefined {
  const bytes = copyOf(body, maxByteLength)
  if (bytes === undefined) return undefined
  const held = (id: AttachmentId) => new PreparedContent(id, bytes, bytes.byteLength)
  const id = digest(bytes)
  return typeof id === 'string' ? held(id) : id.then(held)
}

/**
 * Reads and hashes a body that is no array. When this fails, the body's source has been told.
 * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, `signal.reason`, or what the source failed with.
 */
export async function sourceContent(
  body: AttachmentBody,
  signal: AbortSignal,
  options: ContentOptions,
): Promise<PreparedContent> {
  const { readSource } = await sourceReading().catch(error => rejectBody(body, error))
  return readSource(body, signal, options)
}
