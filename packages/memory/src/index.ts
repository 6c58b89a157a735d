export { InMemoryAttachmentManifest, type InMemoryAttachmentManifestOptions } from './manifest/manifest.ts'
export { InMemoryAttachmentStore, type InMemoryAttachmentStoreOptions } from './store/store.ts'
