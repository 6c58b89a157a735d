import { AttachmentIoError } from '../errors.ts'

/** What is not loaded with core. Where that fails, for want of file descriptors, the next call tries again; from Node 24 on, that can succeed. */
export function load<T>(module: Promise<T>): Promise<T> {
  return module.catch(cause => {
    throw new AttachmentIoError(cause?.path ?? '', `cannot load a module of core: ${cause}`, { cause })
  })
}
