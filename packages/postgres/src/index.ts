export { openPostgresAttachments, type PostgresAttachments, type PostgresAttachmentsOptions } from './attachments.ts'
export { migrationSql } from './database/schema.ts'
export {
  PostgresAttachmentManifest,
  type PostgresAttachmentManifestOptions,
  type PostgresCommitOptions,
} from './manifest/manifest.ts'
export type { PostgresDatabaseOptions } from './options.ts'
export { PostgresAttachmentStore, type PostgresAttachmentStoreOptions } from './store/store.ts'
