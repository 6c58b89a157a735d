export type { LmdbEnvironmentOptions } from './environment/options.ts'
export { LmdbManifestDriver } from './manifest/driver.ts'
export { LmdbAttachmentManifest, type LmdbAttachmentManifestOptions } from './manifest/manifest.ts'
export { LmdbAttachmentStore, type LmdbAttachmentStoreOptions } from './store/store.ts'
