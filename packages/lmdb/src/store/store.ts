import { PortableAttachmentStore, type PortableAttachmentStoreOptions } from '@lash/attachments-core'
import { placed } from '@lash/attachments-core/backend'
import { LmdbEnvironment } from '../environment/environment.ts'
import type { LmdbEnvironmentOptions } from '../environment/options.ts'
import { LmdbAttachmentDriver } from './driver.ts'

export interface LmdbAttachmentStoreOptions extends LmdbEnvironmentOptions, PortableAttachmentStoreOptions {}

/**
 * Attachments in an LMDB environment. When `put` has resolved, the bytes survive a crash of the process and a power
 * cut. Any number of processes on one machine may use the environment at the same time; not over a network file system.
 *
 * A put holds its body in memory whole while it writes it. Set `maxByteLength` if bodies come from strangers.
 */
export class LmdbAttachmentStore extends PortableAttachmentStore {
  /**
   * Opens the environment, and makes it when it is missing.
   * @param target the options, or `path` for short.
   * @throws AttachmentInvalidArgumentError, AttachmentIoError when it cannot be opened or written.
   */
  constructor(target: string | LmdbAttachmentStoreOptions, options?: Partial<LmdbAttachmentStoreOptions>) {
    const given = placed('path', target, options)
    const environment = LmdbEnvironment.hold(given.path)
    try {
      super(new LmdbAttachmentDriver(environment), given)
    } catch (error) {
      void environment.release()
      throw error
    }
  }
}
