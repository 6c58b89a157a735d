export { FileAttachmentStore, type FileAttachmentStoreOptions } from './store.ts'
