import { hash } from 'node:crypto'
import KeyvPostgres from '@keyv/postgres'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import {
  openPostgresAttachments,
  PostgresAttachmentManifest,
  PostgresAttachmentStore,
} from '@lash/attachments-postgres'
import Keyv from 'keyv'
import pg from 'pg'
import { byKeyv, thenClose } from './by-digest.ts'
import type { Contender, Setting } from './contender.ts'
import { ours } from './ours.ts'

const common = { durability: 'power cut', atomic: true } as const
const connections = 10

export const contenders: readonly Contender[] = [
  {
    ...common,
    name: 'attachments-postgres',
    role: 'ours',
    verifies: true,
    async open({ env }) {
      const { pool, schema, drop } = await freshSchema(env)
      return thenClose(ours(new PostgresAttachmentStore({ pool, schema })), drop)
    },
  },
  {
    ...common,
    name: 'attachments-postgres session',
    role: 'variant',
    verifies: true,
    async open({ env }) {
      const { pool, schema, drop } = await freshSchema(env)
      const opened = openPostgresAttachments({ pool, schema })
      const session = new SessionScopedAttachmentStore(opened.store, opened.manifest, 'bench')
      return thenClose(ours(session), () => opened.close().then(drop))
    },
  },
  {
    ...common,
    name: 'postgres manifest, memory store',
    role: 'variant',
    verifies: true,
    async open({ env }) {
      const { pool, schema, drop } = await freshSchema(env)
      const manifest = new PostgresAttachmentManifest({ pool, schema })
      const session = ours(new SessionScopedAttachmentStore(new InMemoryAttachmentStore(), manifest, 'bench'))
      return thenClose({ put: session.put, close: session.close }, () => manifest.close().then(drop))
    },
  },
  {
    ...common,
    name: '@keyv/postgres',
    role: 'peer',
    async open({ env }) {
      const { schema, drop } = await freshSchema(env)
      const store = new KeyvPostgres({ uri: urlOf(env), schema, max: connections })
      const storage = new Keyv({ store })
      return byKeyv(storage, () => storage.disconnect().then(drop))
    },
  },
  {
    ...common,
    name: 'hash, INSERT of a bytea',
    role: 'floor',
    async open({ env }) {
      const { pool, schema, drop } = await freshSchema(env)
      await pool.query(`CREATE TABLE ${schema}.blobs (id bytea PRIMARY KEY, bytes bytea NOT NULL)`)
      return {
        async put(bytes) {
          const key = hash('sha256', bytes)
          await pool.query({
            name: 'put',
            text: `INSERT INTO ${schema}.blobs VALUES ($1, $2) ON CONFLICT DO NOTHING`,
            values: [Buffer.from(key, 'hex'), bytes],
          })
          return key
        },
        async get(key) {
          const { rows } = await pool.query({
            name: 'get',
            text: `SELECT bytes FROM ${schema}.blobs WHERE id = $1`,
            values: [Buffer.from(key, 'hex')],
          })
          return rows[0].bytes as Buffer
        },
        close: drop,
      }
    },
  },
]

function urlOf(env: NodeJS.ProcessEnv): string {
  return env.LASH_TEST_POSTGRES_URL as string
}

async function freshSchema(env: Setting['env']) {
  const pool = new pg.Pool({ connectionString: urlOf(env), max: connections })
  const schema = `bench_${process.pid}_${Date.now()}`
  await pool.query(`CREATE SCHEMA ${schema}`)
  return {
    pool,
    schema,
    async drop() {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`)
      await pool.end()
    },
  }
}
