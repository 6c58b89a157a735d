import type {
  Damage,
  HostTransaction,
  ManifestHarness,
  SessionHarness,
  StoreFixture,
  StoreHarness,
} from '@lash/attachments-conformance'
import type { AttachmentId } from '@lash/attachments-core'
import {
  PostgresAttachmentManifest,
  PostgresAttachmentStore,
  type PostgresDatabaseOptions,
} from '@lash/attachments-postgres'
import { FaultProxy, type FreshSchema, PostgresGround } from '@lash/attachments-testing/postgres'
import pg from 'pg'

export interface PostgresHarnessOptions {
  /** Have stores use one pool that they are given, instead of one each of their own. Manifests always do. */
  readonly givenPool?: boolean
  /** More settings of the given pool. */
  readonly poolConfig?: pg.PoolConfig
}

export function postgresStoreHarness({ givenPool = false, poolConfig }: PostgresHarnessOptions = {}): StoreHarness {
  const ground = new PostgresGround()
  return {
    kind: 'store',
    name: givenPool ? 'postgres (given pool)' : 'postgres',
    capabilities: [
      ...(['generations', 'metadata-of-first-put', 'plain', 'size-limit', 'incremental-reads'] as const),
      ...(['damage:flip', 'damage:truncate', 'damage:extend', 'damage:empty', 'damage:damage-metadata'] as const),
      ...(['deny', 'disconnect', 'stall', 'durable', 'reopen', 'child'] as const),
      ...(givenPool ? (['injected'] as const) : []),
    ],
    lacks: {
      staging: 'an upload is a transaction: nothing of it is there until all of it is',
      'damage:drop-metadata': 'bytes and metadata are in one row, and the media type cannot be null',
      ...(givenPool ? {} : { injected: 'it makes its own pool; see postgres (given pool)' }),
    },
    async create(options): Promise<StoreFixture> {
      const fresh = await ground.freshSchema()
      const { schema, url } = fresh
      // Its own way to the server, so that cutting it cuts nobody else's.
      const proxy = await FaultProxy.before(url)
      const connectionString = proxy.url(url)
      const pool = givenPool ? quietPool(connectionString, poolConfig) : undefined
      const open = () => new PostgresAttachmentStore({ ...reach(pool, connectionString), schema, ...options })
      const store = open()
      return {
        store,
        child: {
          module: new URL('../children/postgres-store.ts', import.meta.url).href,
          options: { connectionString: url, schema },
        },
        reopen: async () => open(),
        secrets: [fresh.password],
        corrupt: (id, damage, generation) => corrupt(fresh, id, damage, generation),
        deny: () => fresh.deny(),
        async disconnect() {
          const restore = proxy.disconnect()
          return async () => restore()
        },
        async stall() {
          const restore = proxy.stall()
          return async () => restore()
        },
        ...(pool === undefined ? {} : { injected: { isOpen: async () => !pool.ended && !pool.ending } }),
        async dispose() {
          await store.close()
          await pool?.end()
          await proxy.close()
          await fresh.drop()
        },
      }
    },
    cleanup: () => ground.cleanup(),
  }
}

export function postgresManifestHarness({ poolConfig }: PostgresHarnessOptions = {}): ManifestHarness {
  const ground = new PostgresGround()
  let shared: pg.Pool | undefined
  return {
    kind: 'manifest',
    name: 'postgres',
    capabilities: ['durable', 'reopen', 'transaction', 'clock'],
    async create() {
      const { schema, url, drop } = await ground.freshSchema()
      shared ??= quietPool(url, poolConfig)
      const pool = shared
      let setTo: number | undefined
      const now = () => setTo ?? Date.now()
      const open = () => new PostgresAttachmentManifest({ pool, schema, now })
      const manifest = open()
      return {
        manifest,
        reopen: async () => open(),
        begin: () => begin(pool, manifest),
        setClock: epochMs => {
          setTo = epochMs
        },
        async dispose() {
          await manifest.close()
          await drop()
        },
      }
    },
    async cleanup() {
      await shared?.end()
      await ground.cleanup()
    },
  }
}

/** Store and manifest on one pool and in one schema, where a small put of a session is one statement. */
export function postgresPairHarness({ poolConfig }: PostgresHarnessOptions = {}): SessionHarness {
  const ground = new PostgresGround()
  let shared: pg.Pool | undefined
  return {
    kind: 'session',
    name: 'postgres, one pool',
    capabilities: ['durable', 'reopen', 'transaction', 'clock'],
    async create() {
      const { schema, url, drop } = await ground.freshSchema()
      shared ??= quietPool(url, poolConfig)
      const pool = shared
      let setTo: number | undefined
      const open = () => ({
        store: new PostgresAttachmentStore({ pool, schema }),
        manifest: new PostgresAttachmentManifest({ pool, schema, now: () => setTo ?? Date.now() }),
      })
      const { store, manifest } = open()
      return {
        store,
        manifest,
        reopen: async () => open(),
        begin: () => begin(pool, manifest),
        setClock: epochMs => {
          setTo = epochMs
        },
        async dispose() {
          await store.close()
          await manifest.close()
          await drop()
        },
      }
    },
    async cleanup() {
      await shared?.end()
      await ground.cleanup()
    },
  }
}

function quietPool(connectionString: string, config?: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 10, ...config })
  pool.on('error', () => {})
  return pool
}

function reach(pool: pg.Pool | undefined, connectionString: string): PostgresDatabaseOptions {
  return pool === undefined ? { connectionString } : { pool }
}

async function begin(pool: pg.Pool, manifest: PostgresAttachmentManifest): Promise<HostTransaction> {
  const client = await pool.connect()
  await client.query('BEGIN')
  const end = async (how: string) => {
    await client.query(how)
    client.release()
  }
  return {
    commitRefs: (sessionId, refs) => manifest.commitRefs(sessionId, refs, { client }),
    commit: () => end('COMMIT'),
    rollback: () => end('ROLLBACK'),
  }
}

/** Damages a blob where its bytes are: in its row or, when it is bigger, in its last chunk. */
async function corrupt(
  { admin, schema }: FreshSchema,
  id: AttachmentId,
  damage: Damage,
  generation = 0,
): Promise<void> {
  const key = [`\\x${id}`, generation]
  const ofKey = 'WHERE id = $1 AND generation = $2'
  if (damage === 'damage-metadata') {
    await admin.query(`UPDATE ${schema}.attachment_blobs SET media_type = 'no type' ${ofKey}`, key)
    return
  }
  const damaged = {
    flip: 'set_byte(bytes, octet_length(bytes) / 2, get_byte(bytes, octet_length(bytes) / 2) # 16)',
    truncate: 'substring(bytes FOR octet_length(bytes) - 1)',
    extend: `bytes || '\\x00'::bytea`,
    empty: `''::bytea`,
  }[damage as 'flip' | 'truncate' | 'extend' | 'empty']
  await admin.query(`UPDATE ${schema}.attachment_blobs SET bytes = ${damaged} ${ofKey} AND bytes IS NOT NULL`, key)
  const last = `AND seq = (SELECT max(seq) FROM ${schema}.attachment_chunks ${ofKey})`
  await admin.query(
    `UPDATE ${schema}.attachment_chunks SET bytes = ${damaged} ${ofKey} ${damage === 'empty' ? '' : last}`,
    key,
  )
}
