export { RedisManifestDriver } from './manifest/driver.ts'
export { RedisAttachmentManifest, type RedisAttachmentManifestOptions } from './manifest/manifest.ts'
export type { RedisClientLike } from './server/client.ts'
export type { RedisServerOptions } from './server/options.ts'
