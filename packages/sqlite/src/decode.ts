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
    throw new AttachmentCorruptError(
      key.id,
      `the stored bytes of ${key.id} are damaged: ${(cause as Error).message}; put the original again`,
      { cause },
    )
  }
}
