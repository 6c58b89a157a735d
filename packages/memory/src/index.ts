export { InMemoryAttachmentManifest, type InMemoryManifestOptions } from './manifest.ts'
export { InMemoryAttachmentStore, type InMemoryStoreOptions } from './store.ts'
