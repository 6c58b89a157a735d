import { dirname, resolve } from 'node:path'
import { loadFor } from '../../backends/load.ts'
import { localPath } from '../../backends/local-path.ts'
import { optionsOf } from '../../backends/postgres.ts'
import { placeOf } from '../../backends/s3.ts'
import { examineFolder } from '../disk.ts'
import { type Finding, finding } from '../finding.ts'
import { threadPoolFinding } from '../machine.ts'
import { messageOf } from '../message-of.ts'
import { examineBucket } from '../s3/bucket.ts'
import { examinePostgres } from './postgres-server.ts'
import { examineSqlite } from './sqlite-file.ts'

const defaultSchema = 'lash_attachments'

/** What an opened store or manifest does not show: looks at what is behind its URL. Nothing for other schemes. */
export async function examineBackend(url: string, signal: AbortSignal): Promise<Finding[]> {
  const scheme = url.slice(0, url.indexOf(':')).toLowerCase()
  if (scheme === 'file') return [...(await examineFolder(localPath(url, { create: true }))), threadPoolFinding()]
  if (scheme === 'lmdb') return examineFolder(localPath(url, { create: true }))
  if (scheme === 'sqlite') return sqlite(localPath(url, { create: true }))
  if (scheme === 'postgres' || scheme === 'postgresql') return postgres(url)
  return scheme === 's3' ? s3(url, signal) : []
}

async function sqlite(path: string): Promise<Finding[]> {
  if (path === ':memory:') return []
  const { default: Sqlite } = await loadFor<
    typeof import('better-sqlite3') & { default: typeof import('better-sqlite3') }
  >('@lash/attachments-sqlite', 'better-sqlite3', 'sqlite:')
  const findings = await examineFolder(dirname(resolve(path)))
  try {
    const database = new Sqlite(path, { readonly: true, fileMustExist: true })
    try {
      return [...findings, ...(await examineSqlite(database))]
    } finally {
      database.close()
    }
  } catch (error) {
    return [...findings, finding('problem', 'file', messageOf(error), 'see that it is a database, and who may read it')]
  }
}

async function postgres(url: string): Promise<Finding[]> {
  const { connectionString, schema = defaultSchema } = optionsOf(url)
  const { Client } = await loadFor<typeof import('pg')>('@lash/attachments-postgres', 'pg', 'postgres:')
  const client = new Client({ connectionString, connectionTimeoutMillis: 30_000 })
  // What breaks the connection also fails the query.
  client.on('error', () => {})
  try {
    await client.connect()
    return await examinePostgres(client, schema)
  } catch (error) {
    return [
      finding('problem', 'server', messageOf(error), 'check the URL, and that the server runs and lets this user in'),
    ]
  } finally {
    await client.end().catch(() => {})
  }
}

async function s3(url: string, signal: AbortSignal): Promise<Finding[]> {
  const { bucket, prefix, clientConfig } = placeOf(url)
  const { S3 } = await loadFor<typeof import('@aws-sdk/client-s3')>('@lash/attachments-s3', '@aws-sdk/client-s3', 's3:')
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env
  const client = new S3({
    ...clientConfig,
    // As the store has it: several servers refuse the trailers, and few have a host name for each bucket.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    forcePathStyle: (clientConfig.endpoint ?? AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined,
  })
  try {
    return await examineBucket({ client, bucket, prefix }, signal)
  } finally {
    client.destroy()
  }
}
