import { type AttachmentCreateMeta, type AttachmentMeta, checkMeta, storedMeta } from '../content/meta.ts'
import { AttachmentMetadataDecodeError, AttachmentMissingMetaError } from '../errors.ts'
import { checkWhole } from '../numbers.ts'
import type { AttachmentKey } from './driver.ts'

/**
 * What a store keeps beside the bytes: one line of ASCII JSON without a line break, at most 7,000 bytes. The id is left
 * out, since it is in the key.
 */
export function encodeStoredMeta({ byteLength, mediaType, width, height, label }: AttachmentMeta): string {
  // ASCII passes through headers, columns and files of any encoding, and has as many bytes as characters.
  return JSON.stringify({ byteLength, mediaType, width, height, label }).replace(/[\x7f-\uffff]/g, escaped)
}

/**
 * Reads what {@link encodeStoredMeta} wrote, into a new object. Fields that it does not know are ignored.
 * @param byteLength how many bytes the store has now, which is what `stat` tells. Left out, as many as were put, which
 * is for `read`: bytes that are missing are noticed by it.
 * @throws AttachmentMissingMetaError when text is undefined, AttachmentMetadataDecodeError when it cannot be read. A
 * put of the same bytes must heal both.
 */
export function decodeStoredMeta(key: AttachmentKey, text: string | undefined, byteLength?: number): AttachmentMeta {
  const { id } = key
  if (text === undefined) {
    throw new AttachmentMissingMetaError(id, `${id} has no metadata; put the bytes again`)
  }
  try {
    const fields: (AttachmentCreateMeta & { byteLength?: unknown }) | null = JSON.parse(text)
    const length = checkWhole('byteLength', byteLength ?? fields?.byteLength)
    return storedMeta(id, length, checkMeta(fields as AttachmentCreateMeta))
  } catch (cause) {
    throw new AttachmentMetadataDecodeError(id, `the metadata of ${id} cannot be read; put the bytes again`, { cause })
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
