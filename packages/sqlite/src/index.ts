export { openSqliteAttachments, type SqliteAttachments, type SqliteAttachmentsOptions } from './attachments.ts'
export type { SqliteDatabaseOptions } from './database/database.ts'
export {
  SqliteAttachmentManifest,
  type SqliteAttachmentManifestOptions,
  type SqliteManifestOptions,
} from './manifest/manifest.ts'
export { type SqliteGcPolicy, SqliteSession } from './session/session.ts'
export { SqliteSessionFactory, type SqliteSessionFactoryOptions } from './session/session-factory.ts'
export type { BlobProfile } from './store/blob-profile.ts'
export { SqliteAttachmentStore, type SqliteAttachmentStoreOptions, type SqliteStoreOptions } from './store/store.ts'
