export type { LmdbEnvironmentOptions } from './environment/environment.ts'
export { LmdbAttachmentStore, type LmdbAttachmentStoreOptions } from './store/store.ts'
