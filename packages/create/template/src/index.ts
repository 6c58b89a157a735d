export type { MyBackendOptions } from './connection.ts'
export { MyBackendAttachmentManifest, type MyBackendAttachmentManifestOptions } from './manifest.ts'
export { MyBackendAttachmentStore, type MyBackendAttachmentStoreOptions } from './store.ts'
