import { AttachmentInvalidArgumentError } from '@lash/attachments-core'

/** Checks how long to wait for a lock, in milliseconds; 5,000 when it is not said. @throws AttachmentInvalidArgumentError */
export function checkTimeout(milliseconds: number = 5000): number {
  if (Number.isInteger(milliseconds) && milliseconds >= 0 && milliseconds <= 2 ** 31 - 1) return milliseconds
  throw new AttachmentInvalidArgumentError('busyTimeoutMs must be a whole number of milliseconds from 0 to 2^31-1')
}
