import { closeSync } from 'node:fs'
import { ioError } from './io-error.ts'

/**
 * Gives a descriptor back. What was written may fail only now, on a network file system for one.
 * @throws AttachmentIoError. The descriptor must not be used, nor closed again, after that either.
 */
export function closeFile(descriptor: number, path: string): void {
  try {
    closeSync(descriptor)
  } catch (cause) {
    throw ioError('close', path, cause)
  }
}
