import { closeSync } from 'node:fs'
import { ioError } from './io-error.ts'

/**
 * Closes a descriptor. A write may fail only now, for example on a network file system.
 * @throws AttachmentIoError. Even then the descriptor must not be used, nor closed again.
 */
export function closeFile(descriptor: number, path: string): void {
  try {
    closeSync(descriptor)
  } catch (cause) {
    throw ioError('close', path, cause)
  }
}
