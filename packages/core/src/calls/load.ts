import { AttachmentIoError } from '../errors.ts'

/**
 * A module that is not loaded together with core. Loading fails when there is no file descriptor left. Then the next
 * call tries again, which can succeed on Node 24 and newer.
 */
export function load<T>(module: Promise<T>): Promise<T> {
  return module.catch(cause => {
    throw new AttachmentIoError(cause?.path ?? '', `cannot load a module of core: ${cause}`, { cause })
  })
}
