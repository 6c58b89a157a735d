import { PostgresAttachmentManifest } from '@lash/attachments-postgres'
import { S3AttachmentStore } from '@lash/attachments-s3'
import pg from 'pg'
import type { HostSettings } from './settings.ts'

/** What a process opens once and keeps: a pool for its own tables and the manifest's, and the store. */
export interface Host extends AsyncDisposable {
  readonly pool: pg.Pool
  readonly manifest: PostgresAttachmentManifest
  readonly store: S3AttachmentStore
}

/** Opens them. Nothing is connected to before the first call, and nothing is migrated: see `deploy`. */
export function openHost(settings: HostSettings, applicationName: string): Host {
  const { databaseUrl, schema, bucket, prefix, endpoint, region, credentials } = settings
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 10,
    // Without it, a call waits for ever while all connections are in use.
    connectionTimeoutMillis: 30_000,
    application_name: applicationName,
    // Only for the host's own statements, which then need no schema before their tables.
    options: `-c search_path=${schema}`,
  })
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', error => console.error(`a database connection broke: ${error.message}`))
  const manifest = new PostgresAttachmentManifest({ pool, schema, migrate: false })
  const store = new S3AttachmentStore({
    bucket,
    prefix,
    clientConfig: { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) },
  })
  return {
    pool,
    manifest,
    store,
    async [Symbol.asyncDispose]() {
      await Promise.all([store.close(), manifest.close()])
      await pool.end()
    },
  }
}
