import { randomBytes } from 'node:crypto'
import { startPostgres } from '@lash/attachments-testing/postgres'
import { startS3 } from '@lash/attachments-testing/s3'
import { messageOf, UsageError } from '../../quickstart/src/command.ts'
import { deploy } from './host/conversations.ts'
import { type Host, type HostSettings, openHost, settingsFrom } from './host/host.ts'
import type { CleanUp, Places } from './report.ts'

/** Where a run works: a schema and a prefix of its own, on servers of the user's or of its own. */
export interface Ground {
  /** What the processes of a host need in their environment. */
  readonly env: NodeJS.ProcessEnv
  readonly settings: HostSettings
  readonly places: Places
  readonly host: Host
  /** Removes everything that this run made, and looks whether it is gone. */
  clean(): Promise<CleanUp>
  /** Removes what is left, closes the host, and stops the servers that this run started. */
  close(): Promise<void>
}

/**
 * Makes the ground, and has everything gone when the use of it is over.
 * @param say - is told what takes long, and what is missing.
 * @throws UsageError when there are no servers.
 */
export async function withGround<T>(say: (line: string) => void, use: (ground: Ground) => Promise<T>): Promise<T> {
  const ground = await openGround(say)
  let result: T
  try {
    result = await use(ground)
  } catch (error) {
    // Cleaning up may then fail as well; what went wrong first says more.
    await ground.close().catch(() => {})
    throw error
  }
  await ground.close()
  return result
}

/** As {@link withGround}, for those who close it themselves. */
export async function openGround(say: (line: string) => void): Promise<Ground> {
  const servers = await openServers(say)
  const name = randomBytes(4).toString('hex')
  const schema = `production_example_${name}`
  const env = { ...servers.env, DATABASE_SCHEMA: schema, S3_PREFIX: `production-example/${name}/` }
  const settings = settingsFrom(env)
  const host = openHost(settings, 'production-example')
  let cleaned = false
  const clean = () => {
    cleaned = true
    return removeAll(host, schema)
  }
  const close = async () => {
    try {
      if (!cleaned) await clean()
    } finally {
      await host.close()
      await servers.stop()
    }
  }
  try {
    await deploy(host.pool, schema)
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
  return { env, settings, places: placesOf(settings, servers.own), host, clean, close }
}

/**
 * The servers that `LASH_TEST_POSTGRES_URL` and `LASH_TEST_S3_*` name; in place of what is not named, private ones. A
 * host in production has nothing like this: it is told where its servers are.
 */
async function openServers(say: (line: string) => void) {
  const [postgres, s3] = await Promise.allSettled([startPostgres(), startS3(say)])
  const stop = async () => {
    for (const server of [postgres, s3]) if (server.status === 'fulfilled') await server.value?.stop()
  }
  if (postgres.status === 'rejected' || s3.status === 'rejected' || s3.value === undefined) {
    await stop()
    if (postgres.status === 'rejected') throw new UsageError(`there is no PostgreSQL: ${messageOf(postgres.reason)}`)
    throw new UsageError(s3.status === 'rejected' ? messageOf(s3.reason) : 'this example needs an S3 server')
  }
  const env = {
    DATABASE_URL: postgres.value.url,
    S3_ENDPOINT: s3.value.endpoint,
    S3_BUCKET: s3.value.bucket,
    S3_REGION: s3.value.region,
    S3_ACCESS_KEY_ID: s3.value.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.value.secretAccessKey,
  }
  return { env, own: { postgres: postgres.value.own, s3: !process.env.LASH_TEST_S3_ENDPOINT }, stop }
}

function placesOf(settings: HostSettings, own: Places['own']): Places {
  const { databaseUrl, schema, endpoint = 'AWS', bucket, prefix } = settings
  const { host, pathname } = new URL(databaseUrl)
  return { postgres: `${host}${pathname}`, schema, s3: `${endpoint}, bucket ${bucket}`, prefix, own }
}

async function removeAll({ pool, store }: Host, schema: string): Promise<CleanUp> {
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  const deleting: Promise<void>[] = []
  // Deletes of one tick go to the server together.
  for await (const { id, generation } of store.list()) deleting.push(store.delete(id, { generation }))
  await Promise.all(deleting)
  let objectsLeft = 0
  for await (const _ of store.list()) objectsLeft++
  const { rows } = await pool.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema])
  return { objectsDeleted: deleting.length, objectsLeft, schemaLeft: rows.length > 0 }
}
