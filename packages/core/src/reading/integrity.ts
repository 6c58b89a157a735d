import type { AttachmentId } from '../content/id.ts'
import type { AttachmentMeta } from '../content/meta.ts'
import { AttachmentCorruptError, AttachmentInvalidArgumentError } from '../errors.ts'

export function wrongDigest(id: AttachmentId): AttachmentCorruptError {
  return damaged(id, 'another SHA-256')
}

/** Also for backends that notice this before the portable store does. */
export function wrongLength(id: AttachmentId, actual: number, expected: number): AttachmentCorruptError {
  return damaged(id, `${actual} bytes, not ${expected}`)
}

function damaged(id: AttachmentId, what: string): AttachmentCorruptError {
  return new AttachmentCorruptError(id, `${id} is damaged: ${what}; delete it and put the original again`)
}

/**
 * An array for all the bytes of a blob.
 * @throws AttachmentInvalidArgumentError when one array cannot hold so many, or there is no memory for them.
 */
export function arrayFor({ id, byteLength }: AttachmentMeta): Uint8Array {
  try {
    return new Uint8Array(byteLength)
  } catch (cause) {
    const message = `${id} has ${byteLength} bytes, too many for one array here; use \`stream\``
    throw new AttachmentInvalidArgumentError(message, { id, cause })
  }
}
