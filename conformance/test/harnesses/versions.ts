import { packageVersions } from '@lash/attachments-conformance'
import Database from 'better-sqlite3'
import { Client } from 'pg'

/** What the harnesses of the backends tell the report of versions. */

export async function sqliteVersions(): Promise<Record<string, string>> {
  const database = new Database(':memory:')
  try {
    const version = database.prepare('SELECT sqlite_version()').pluck().get() as string
    return { SQLite: version, ...packageVersions(import.meta.url, 'better-sqlite3', '@lash/attachments-sqlite') }
  } finally {
    database.close()
  }
}

export async function postgresVersions(): Promise<Record<string, string>> {
  // A test of odd hosts may have changed every other parser.
  const types = { getTypeParser: () => String }
  const client = new Client({ connectionString: process.env.LASH_TEST_POSTGRES_URL, types })
  await client.connect()
  try {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    const server = rows[0]?.server_version ?? 'unknown'
    return { PostgreSQL: server, ...packageVersions(import.meta.url, 'pg', '@lash/attachments-postgres') }
  } finally {
    await client.end()
  }
}
