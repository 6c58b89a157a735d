import { type AttachmentManifestOptions, PortableAttachmentManifest, placed } from '@lash/attachments-core/backend'
import type { LmdbEnvironmentOptions } from '../environment/options.ts'
import { LmdbManifestDriver } from './driver.ts'

export interface LmdbAttachmentManifestOptions extends LmdbEnvironmentOptions, AttachmentManifestOptions {}

/**
 * The manifest in an LMDB environment, which may be the one that a `LmdbAttachmentStore` keeps its bytes in. Each call
 * is durable when it has resolved.
 */
export class LmdbAttachmentManifest extends PortableAttachmentManifest {
  /**
   * Opens the environment, and makes it when it is missing.
   * @param target the options, or `path` for short.
   * @throws AttachmentInvalidArgumentError, AttachmentIoError when it cannot be opened or written.
   */
  constructor(target: string | LmdbAttachmentManifestOptions, options?: Partial<LmdbAttachmentManifestOptions>) {
    const given = placed('path', target, options)
    const driver = new LmdbManifestDriver(given)
    try {
      super(driver, given)
    } catch (error) {
      void driver.close()
      throw error
    }
  }
}
