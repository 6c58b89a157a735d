import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AttachmentManifest, AttachmentStore } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { openSqliteAttachments, SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import pg from 'pg'

export const pairNames = ['memory', 'sqlite', 'fs+sqlite', 'postgres', 'postgres+memory'] as const
/** A store and a manifest; with a plus, `fs+sqlite` has its bytes in files and `postgres+memory` in memory. */
export type PairName = (typeof pairNames)[number]

export interface Pair {
  readonly store: AttachmentStore
  readonly manifest: AttachmentManifest
  /** Does at once, after many writes, what the database would do in the background within a minute or two. */
  settle?(): Promise<void>
  close(): Promise<void>
}

/** Opens the pair empty. */
export async function openPair(name: PairName, folder: string, label: string): Promise<Pair> {
  const own = join(folder, label)
  await mkdir(own, { recursive: true })
  switch (name) {
    case 'memory':
      return pairOf(new InMemoryAttachmentStore(), new InMemoryAttachmentManifest())
    case 'sqlite':
      return openSqliteAttachments(join(own, 'attachments.db'))
    case 'fs+sqlite':
      return pairOf(
        new FileAttachmentStore(join(own, 'blobs')),
        new SqliteAttachmentManifest({ path: join(own, 'manifest.db') }),
      )
    case 'postgres':
      return postgresPair(label, options => new PostgresAttachmentStore(options))
    case 'postgres+memory':
      return postgresPair(label, () => new InMemoryAttachmentStore())
  }
}

function pairOf(store: AttachmentStore, manifest: AttachmentManifest): Pair {
  return {
    store,
    manifest,
    async close() {
      await manifest.close()
      await store.close()
    },
  }
}

async function postgresPair(
  label: string,
  openStore: (options: { pool: pg.Pool; schema: string }) => AttachmentStore,
): Promise<Pair> {
  const pool = new pg.Pool({ connectionString: process.env.LASH_TEST_POSTGRES_URL as string, max: 10 })
  const schema = `scale_${process.pid}_${label}`
  await pool.query(`CREATE SCHEMA ${schema}`)
  const pair = pairOf(openStore({ pool, schema }), new PostgresAttachmentManifest({ pool, schema }))
  return {
    ...pair,
    // Autovacuum. Each commit leaves a dead entry in the index of loose refs, which claims pass over until then.
    async settle() {
      const tables = await pool.query<{ name: string }>(
        'SELECT format($2, schemaname, tablename) AS name FROM pg_tables WHERE schemaname = $1',
        [schema, '%I.%I'],
      )
      for (const { name } of tables.rows) await pool.query(`VACUUM (ANALYZE) ${name}`)
    },
    async close() {
      await pair.close()
      await pool.query(`DROP SCHEMA ${schema} CASCADE`)
      await pool.end()
    },
  }
}
