export { migrationSql } from './database/schema.ts'
export {
  PostgresAttachmentManifest,
  type PostgresCommitOptions,
  type PostgresManifestOptions,
} from './manifest/manifest.ts'
export type { PostgresOptions } from './options.ts'
export { PostgresAttachmentStore, type PostgresStoreOptions } from './store/store.ts'
