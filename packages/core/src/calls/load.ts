import { AttachmentIoError } from '../errors.ts'

/**
 * A module that is not loaded together with core, but once, by the first call. Loading fails when there is no file
 * descriptor left. Then the next call tries again, which can succeed on Node 24 and newer.
 */
export function loaded<T>(load: () => Promise<T>): () => Promise<T> {
  let module: Promise<T> | undefined
  return () => {
    module ??= load().catch(cause => {
      module = undefined
      throw new AttachmentIoError(cause?.path ?? '', `cannot load a module of core: ${cause}`, { cause })
    })
    return module
  }
}
