export { FilesSdkAttachmentStore, type FilesSdkAttachmentStoreOptions } from './store/store.ts'
