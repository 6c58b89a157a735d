import { AttachmentCorruptError } from './errors.ts'
import type { AttachmentId } from './id.ts'

export function wrongDigest(id: AttachmentId): AttachmentCorruptError {
  return new AttachmentCorruptError(
    id,
    `${id} is damaged: its SHA-256 is another; delete it and put the original again`,
  )
}

/** For backends that notice it before the portable store does. */
export function wrongLength(id: AttachmentId, actual: number, expected: number): AttachmentCorruptError {
  return new AttachmentCorruptError(id, `${id} is damaged: ${actual} bytes, not ${expected}; put the original again`)
}
