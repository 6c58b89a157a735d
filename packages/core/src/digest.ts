import * as crypto from 'node:crypto'
import type { AttachmentId } from './id.ts'

/**
 * Bytes from which hashing moves off the calling thread. Below it the hop costs more than the hash (about 50 us against
 * 40 us at 64 KiB); above it, hashing in place would stall the event loop under concurrent puts.
 */
export const offThreadDigestBytes: number = 128 * 1024

/** SHA-256 of the bytes, in the form of an {@link AttachmentId}. Hashes on the calling thread. */
export function contentId(bytes: Uint8Array): AttachmentId {
  return crypto.hash === undefined
    ? crypto.createHash('sha256').update(bytes).digest('hex')
    : crypto.hash('sha256', bytes, 'hex')
}

/** As {@link contentId}; big bytes are hashed off the calling thread, small ones at once, without a promise. */
export function digest(bytes: Uint8Array): AttachmentId | Promise<AttachmentId> {
  return bytes.byteLength < offThreadDigestBytes ? contentId(bytes) : digestOffThread(bytes)
}

async function digestOffThread(bytes: Uint8Array): Promise<AttachmentId> {
  const hash = await crypto.webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Buffer.from(hash).toString('hex')
}

/** A digest that is fed piece by piece. */
export interface IncrementalDigest {
  update(chunk: Uint8Array): void
  id(): AttachmentId
}

/** Starts a digest over a stream of chunks. */
export function incrementalDigest(): IncrementalDigest {
  const hash = crypto.createHash('sha256')
  return {
    update: chunk => void hash.update(chunk),
    id: () => hash.digest('hex'),
  }
}
