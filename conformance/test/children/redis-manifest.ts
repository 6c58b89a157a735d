import { RedisAttachmentManifest, type RedisAttachmentManifestOptions } from '@lash/attachments-redis'

/** In a child process, opens the manifest of the Redis harness. */
export function open(options: RedisAttachmentManifestOptions): RedisAttachmentManifest {
  return new RedisAttachmentManifest(options)
}
