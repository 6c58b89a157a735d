import { RedisManifestDriver, type RedisServerOptions } from '@lash/attachments-redis'

/** In a child process, opens the driver of the Redis harness. */
export function open(options: RedisServerOptions): RedisManifestDriver {
  return new RedisManifestDriver(options)
}
