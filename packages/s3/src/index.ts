export type { ContentDisposition } from './store/content-disposition.ts'
export { S3AttachmentStore, type S3AttachmentStoreOptions, type S3UrlOptions } from './store/store.ts'
export type { MultipartOptions } from './upload/multipart.ts'
