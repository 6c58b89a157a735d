import { type AttachmentManifestOptions, PortableAttachmentManifest, placed } from '@lash/attachments-core/backend'
import type { RedisServerOptions } from '../server/options.ts'
import { RedisManifestDriver } from './driver.ts'

export interface RedisAttachmentManifestOptions extends RedisServerOptions, AttachmentManifestOptions {}

/**
 * The manifest in Redis 6.2 or newer, or Valkey. It goes with any store. Any number of processes on any machines may
 * use it at the same time.
 *
 * Each call is as durable as the server is, when it has resolved. A server that loses what it has confirmed loses refs,
 * and a sweep may then delete bytes that somebody committed: read what the README says of that.
 */
export class RedisAttachmentManifest extends PortableAttachmentManifest {
  /**
   * Connects at the first call.
   * @param target the options, or `url` for short.
   * @throws AttachmentInvalidArgumentError
   */
  constructor(target: string | RedisAttachmentManifestOptions, options?: RedisAttachmentManifestOptions) {
    const given = placed('url', target, options)
    super(new RedisManifestDriver(given), given)
  }
}
