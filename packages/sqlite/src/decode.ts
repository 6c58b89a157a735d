import { AttachmentCorruptError, type AttachmentKey } from '@lash/attachments-core'
import { decompress } from './compression.ts'

/** Stored bytes as they were put. @throws AttachmentCorruptError */
export async function decode(
  key: AttachmentKey,
  stored: Buffer,
  encoding: number,
  byteLength: number,
): Promise<Uint8Array> {
  try {
    return await decompress(stored, encoding, byteLength)
  } catch (cause) {
    throw damaged(key, (cause as Error).message, cause)
  }
}

export function damaged(key: AttachmentKey, why: string, cause?: unknown): AttachmentCorruptError {
  const message = `the stored bytes of ${key.id} are damaged: ${why}; delete them and put the original again`
  return new AttachmentCorruptError(key.id, message, { cause })
}
