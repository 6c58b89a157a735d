import { PostgresAttachmentManifest } from '@lash/attachments-postgres'
import { S3AttachmentStore } from '@lash/attachments-s3'
import pg from 'pg'

/** Where a host finds its servers. Every process of a deployment reads it from its environment. */
export interface HostSettings {
  readonly databaseUrl: string
  /** Schema of the host's own tables and of the manifest's. */
  readonly schema: string
  readonly bucket: string
  /** What the names of all objects begin with. Two deployments never share one: each would sweep the other's. */
  readonly prefix: string
  readonly region: string
  /** Undefined on AWS. */
  readonly endpoint: string | undefined
  /** Undefined where the SDK finds those of the machine's role. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined
}

export function settingsFrom(env: NodeJS.ProcessEnv): HostSettings {
  const required = (name: string): string => {
    const value = env[name]
    if (!value) throw new Error(`${name} must be set`)
    return value
  }
  return {
    databaseUrl: required('DATABASE_URL'),
    schema: required('DATABASE_SCHEMA'),
    bucket: required('S3_BUCKET'),
    prefix: required('S3_PREFIX'),
    region: required('S3_REGION'),
    endpoint: env.S3_ENDPOINT,
    credentials: env.S3_ACCESS_KEY_ID
      ? { accessKeyId: env.S3_ACCESS_KEY_ID, secretAccessKey: required('S3_SECRET_ACCESS_KEY') }
      : undefined,
  }
}

/** What a process opens once and keeps: a pool for its own tables and the manifest's, and the store. */
export interface Host {
  readonly pool: pg.Pool
  readonly manifest: PostgresAttachmentManifest
  readonly store: S3AttachmentStore
  close(): Promise<void>
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
  const clientConfig = { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) }
  const store = new S3AttachmentStore({ bucket, prefix, clientConfig })
  return {
    pool,
    manifest,
    store,
    async close() {
      await Promise.all([store.close(), manifest.close()])
      await pool.end()
    },
  }
}

/** Gives the client back to the pool at the end, or throws it away when its connection is broken. */
export async function inTransaction(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  // A connection that breaks fails the statement on it, and says so here too: without a listener, the process ends.
  let broken: Error | undefined
  const onError = (error: Error) => {
    broken = error
  }
  client.on('error', onError)
  try {
    await client.query('BEGIN')
    await work(client)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(onError)
    throw error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}
