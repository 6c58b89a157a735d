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
  openPostgresAttachments,
  PostgresAttachmentManifest,
  PostgresAttachmentStore,
  type PostgresDatabaseOptions,
} from '@lash/attachments-postgres'
import { FaultProxy, type FreshSchema } from '@lash/attachments-testing/postgres'
import pg from 'pg'
import { plainStore } from './capabilities.ts'
import { SettableClock } from './clock.ts'
import { damagesBytes } from './damage.ts'
import { PostgresSchemas } from './postgres-schemas.ts'
import { postgresVersions } from './versions.ts'

export interface PostgresHarnessOptions {
  /** Whether stores are given a pool, instead of making their own. Manifests always are. */
  readonly givenPool?: boolean
  /** Further settings of the given pool. */
  readonly poolConfig?: pg.PoolConfig
}

export function postgresStoreHarness({ givenPool = false, poolConfig }: PostgresHarnessOptions = {}): StoreHarness {
  const schemas = new PostgresSchemas()
  return {
    kind: 'store',
    name: givenPool ? 'postgres (given pool)' : 'postgres',
    capabilities: [
      ...plainStore,
      ...damagesBytes,
      ...(['damage:damage-metadata', 'incremental-reads', 'deny', 'disconnect', 'stall'] as const),
      ...(['durable', 'reopen', 'child'] as const),
      ...(givenPool ? (['injected'] as const) : []),
    ],
    lacks: {
      staging: 'an upload is a transaction: nothing of it is there until all of it is',
      'damage:drop-metadata': 'bytes and metadata are in one row, and the media type cannot be null',
      ...(givenPool ? {} : { injected: 'it makes its own pool; see postgres (given pool)' }),
    },
    async create(options): Promise<StoreFixture> {
      const fresh = await schemas.take()
      const { schema, url } = fresh
      // It has its own way to the server, so that others are not cut off with it.
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
          await schemas.leave(fresh)
        },
      }
    },
    versions: postgresVersions,
    cleanup: () => schemas.cleanup(),
  }
}

/** For pairs, of which no case cuts a store off: its fixtures share one pool, which takes half of their time away. */
export function pooledPostgresStoreHarness(): StoreHarness {
  const ground = new SharedPool(undefined)
  return {
    kind: 'store',
    name: 'postgres',
    capabilities: ['durable', 'reopen'],
    async create() {
      const { database, leave } = await ground.fresh()
      const open = () => new PostgresAttachmentStore(database)
      const store = open()
      return { store, reopen: async () => open(), dispose: () => store.close().then(leave) }
    },
    versions: postgresVersions,
    cleanup: () => ground.cleanup(),
  }
}

export function postgresManifestHarness({ poolConfig }: PostgresHarnessOptions = {}): ManifestHarness {
  const ground = new SharedPool(poolConfig)
  return {
    kind: 'manifest',
    name: 'postgres',
    capabilities: ['durable', 'reopen', 'transaction', 'clock'],
    lacks: { child: 'processes share a server like pools do, and are killed in crash.test.ts' },
    async create() {
      const { database, leave, setClock } = await ground.fresh()
      const open = () => new PostgresAttachmentManifest(database)
      const manifest = open()
      return {
        manifest,
        setClock,
        reopen: async () => open(),
        begin: () => begin(database.pool, manifest),
        dispose: () => manifest.close().then(leave),
      }
    },
    versions: postgresVersions,
    cleanup: () => ground.cleanup(),
  }
}

/** Store and manifest on one pool and in one schema, where a small put of a session is one statement. */
export function postgresPairHarness({ poolConfig }: PostgresHarnessOptions = {}): SessionHarness {
  const ground = new SharedPool(poolConfig)
  return {
    kind: 'session',
    name: 'postgres, one pool',
    capabilities: ['durable', 'reopen', 'transaction', 'clock'],
    async create() {
      const { database, leave, setClock } = await ground.fresh()
      const open = () => openPostgresAttachments(database)
      const { store, manifest, close } = open()
      return {
        store,
        manifest,
        setClock,
        reopen: async () => open(),
        begin: () => begin(database.pool, manifest),
        dispose: () => close().then(leave),
      }
    },
    versions: postgresVersions,
    cleanup: () => ground.cleanup(),
  }
}

/** One pool for all fixtures of a harness, each of which has a schema of its own. */
class SharedPool {
  readonly #schemas = new PostgresSchemas()
  readonly #config: pg.PoolConfig | undefined
  #pool: pg.Pool | undefined

  constructor(config: pg.PoolConfig | undefined) {
    this.#config = config
  }

  async fresh() {
    const fresh = await this.#schemas.take()
    const { schema, url } = fresh
    const clock = new SettableClock()
    this.#pool ??= quietPool(url, this.#config)
    const leave = () => this.#schemas.leave(fresh)
    return { database: { pool: this.#pool, schema, now: clock.now }, leave, setClock: clock.set }
  }

  async cleanup(): Promise<void> {
    await this.#pool?.end()
    await this.#schemas.cleanup()
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
    commitRefs: (sessionId, refs, options) => manifest.commitRefs(sessionId, refs, { ...options, client }),
    commit: () => end('COMMIT'),
    rollback: () => end('ROLLBACK'),
  }
}

/** Damages a blob where its bytes are: in its row or, for a larger blob, in its last chunk. */
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
