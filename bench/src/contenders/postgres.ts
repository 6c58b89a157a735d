import { hash } from 'node:crypto'
import KeyvPostgres from '@keyv/postgres'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import Keyv from 'keyv'
import pg from 'pg'
import type { Contender, Setting } from '../contender.ts'
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
      const { close, ...store } = ours(new PostgresAttachmentStore({ pool, schema }))
      return {
        ...store,
        async close() {
          await close()
          await drop()
        },
      }
    },
  },
  {
    ...common,
    name: 'attachments-postgres session',
    role: 'variant',
    verifies: true,
    async open({ env }) {
      const { pool, schema, drop } = await freshSchema(env)
      const store = new PostgresAttachmentStore({ pool, schema })
      const manifest = new PostgresAttachmentManifest({ pool, schema })
      const { close, ...session } = ours(new SessionScopedAttachmentStore(store, manifest, 'bench'))
      return {
        ...session,
        async close() {
          await close()
          await manifest.close()
          await store.close()
          await drop()
        },
      }
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
      const { close, ...session } = ours(
        new SessionScopedAttachmentStore(new InMemoryAttachmentStore(), manifest, 'bench'),
      )
      return {
        put: session.put,
        async close() {
          await close()
          await manifest.close()
          await drop()
        },
      }
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
      return {
        async put(bytes) {
          const key = hash('sha256', bytes)
          await storage.set(key, bytes)
          return key
        },
        get: async key => (await storage.get(key)) as Uint8Array,
        async close() {
          await storage.disconnect()
          await drop()
        },
      }
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
