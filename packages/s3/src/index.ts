export type { ContentDisposition } from './content-disposition.ts'
export type { MultipartOptions } from './multipart.ts'
export { S3AttachmentStore, type S3AttachmentStoreOptions, type S3UrlOptions } from './store.ts'
