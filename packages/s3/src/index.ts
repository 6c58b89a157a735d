export type { ContentDisposition } from './store/content-disposition.ts'
export { S3AttachmentStore, type S3AttachmentStoreOptions } from './store/store.ts'
export type { MultipartOptions } from './upload/multipart.ts'
export type { S3ExpiryOptions, S3UrlOptions } from './urls/url-options.ts'
