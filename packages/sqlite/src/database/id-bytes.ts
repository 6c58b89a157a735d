import type { AttachmentId } from '@lash/attachments-core'

/** An id as the tables store it: 32 bytes instead of 64 digits, which sort the same way. */
export function idBytes(id: AttachmentId): Buffer {
  return Buffer.from(id, 'hex')
}

export function idOf(bytes: Buffer): AttachmentId {
  return bytes.toString('hex')
}
