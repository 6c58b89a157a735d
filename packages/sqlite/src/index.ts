export { openSqliteAttachments, type SqliteAttachments, type SqliteAttachmentsOptions } from './attachments.ts'
export type { BlobProfile } from './blob-profile.ts'
export type { SqliteDatabaseOptions } from './database.ts'
export {
  SqliteAttachmentManifest,
  type SqliteAttachmentManifestOptions,
  type SqliteManifestOptions,
} from './manifest.ts'
export { type SqliteGcPolicy, SqliteSession } from './session.ts'
export { SqliteSessionFactory, type SqliteSessionFactoryOptions } from './session-factory.ts'
export { SqliteAttachmentStore, type SqliteAttachmentStoreOptions, type SqliteStoreOptions } from './store.ts'
