import type { AttachmentKey, AttachmentMeta } from '@lash/attachments-core'
import { decodeStoredMeta, encodeStoredMeta } from '@lash/attachments-core/backend'

/**
 * How many bytes of an object come before those of the blob. All metadata fits: it is at most 7,000 bytes. The length
 * is fixed so that a listing, which tells the lengths of objects and no more, tells the lengths of blobs.
 */
export const headerBytes = 8192

/** The metadata as a line of ASCII, filled up with spaces. */
export function encodeHeader(meta: AttachmentMeta): Uint8Array {
  return Buffer.from(`${encodeStoredMeta(meta).padEnd(headerBytes - 1)}\n`, 'latin1')
}

/**
 * The metadata in the first bytes of an object.
 * @param byteLength of the blob as stored now, where it is known; otherwise as it was put.
 * @throws AttachmentMissingMetaError when there is nothing, AttachmentMetadataDecodeError when it cannot be read.
 */
export function decodeHeader(key: AttachmentKey, header: Uint8Array, byteLength?: number): AttachmentMeta {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString('latin1').trim()
  return decodeStoredMeta(key, text === '' ? undefined : text, byteLength)
}

/** The length of the blob in an object. An object that is cut within its header has no byte of a blob. */
export function blobLength(objectLength: number): number {
  return Math.max(0, objectLength - headerBytes)
}
