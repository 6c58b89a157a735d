export { PostgresAttachmentManifest, type PostgresCommitOptions, type PostgresManifestOptions } from './manifest.ts'
export type { PostgresOptions } from './options.ts'
export { migrationSql } from './schema.ts'
export { PostgresAttachmentStore, type PostgresStoreOptions } from './store.ts'
