import type { AttachmentId } from '@lash/attachments-core'

/** An id as it stands in the tables: 32 bytes instead of 64 digits, in the same order. */
export function idBytes(id: AttachmentId): Buffer {
  return Buffer.from(id, 'hex')
}

export function idOf(bytes: Buffer): AttachmentId {
  return bytes.toString('hex')
}
