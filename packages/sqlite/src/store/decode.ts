import { AttachmentCorruptError, type AttachmentKey } from '@lash/attachments-core'
import { decompress } from './compression.ts'

/** Stored bytes as they were put; a promise only if they take long to inflate. @throws AttachmentCorruptError */
export function decode(
  key: AttachmentKey,
  stored: Buffer,
  encoding: number,
  byteLength: number,
): Uint8Array | Promise<Uint8Array> {
  const failed = (cause: unknown): never => {
    throw damaged(key, (cause as Error).message, cause)
  }
  try {
    const bytes = decompress(stored, encoding, byteLength)
    return bytes instanceof Promise ? bytes.catch(failed) : bytes
  } catch (cause) {
    return failed(cause)
  }
}

export function damaged(key: AttachmentKey, why: string, cause?: unknown): AttachmentCorruptError {
  const message = `the stored bytes of ${key.id} are damaged: ${why}; delete them and put the original again`
  return new AttachmentCorruptError(key.id, message, { cause })
}
