export { InMemoryAttachmentManifest, type InMemoryManifestOptions } from './manifest/manifest.ts'
export { InMemoryAttachmentStore, type InMemoryStoreOptions } from './store/store.ts'
