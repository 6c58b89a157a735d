export { FileAttachmentStore, type FileAttachmentStoreOptions } from './store/store.ts'
