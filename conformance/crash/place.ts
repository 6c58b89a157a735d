import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startPrivateRedis } from '@lash/attachments-testing/redis'
import pg from 'pg'
import { type ManifestAddress, openPair, type PairAddress, type StoreAddress } from './pair.ts'
import type { PairName } from './pair-names.ts'

/** Where a pair keeps its data: a folder, a schema, a prefix. */
export interface Place {
  readonly address: PairAddress
  /**
   * Resolves when nothing is left to do of what killed workers of these names asked for: a database finishes the
   * statement of a dead client.
   */
  quiet(workers: readonly string[]): Promise<void>
  remove(): Promise<void>
}

export async function makePlace(name: PairName): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'attachments-crash-'))
  const schema = `crash_${randomBytes(8).toString('hex')}`
  const connectionString = process.env.LASH_TEST_POSTGRES_URL ?? ''
  const [store, manifest] = name.split(/[+-]/) as [StoreAddress['kind'], ManifestAddress['kind']]
  const redis = manifest === 'redis' ? await startPrivateRedis() : undefined
  const oneFile = name === 'sqlite+sqlite'
  const address: PairAddress = {
    store: {
      fs: { kind: 'fs', root: join(folder, 'bytes') } as const,
      sqlite: { kind: 'sqlite', path: join(folder, 'bytes.db') } as const,
      postgres: { kind: 'postgres', connectionString, schema } as const,
      s3: { kind: 's3', prefix: `crash/${schema}/` } as const,
      lmdb: { kind: 'lmdb', path: join(folder, 'both') } as const,
    }[store],
    manifest: {
      sqlite: { kind: 'sqlite', path: join(folder, oneFile ? 'bytes.db' : 'refs.db') } as const,
      postgres: { kind: 'postgres', connectionString, schema } as const,
      lmdb: { kind: 'lmdb', path: join(folder, 'both') } as const,
      redis: { kind: 'redis', url: redis?.url ?? '' } as const,
    }[manifest],
  }
  await mkdir(folder, { recursive: true })
  return {
    address,
    async quiet(workers) {
      if (name.includes('postgres')) await withClient(connectionString, client => connectionsEnd(client, workers))
      await redis?.connectionsEnd()
    },
    async remove() {
      await removeBlobs(address)
      const drop = `DROP SCHEMA IF EXISTS ${schema} CASCADE`
      if (name.includes('postgres')) await withClient(connectionString, client => client.query(drop))
      await redis?.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Only a bucket outlives its test. */
async function removeBlobs(address: PairAddress): Promise<void> {
  if (address.store.kind !== 's3') return
  const pair = await openPair(address)
  for await (const { id } of pair.store.list()) await pair.store.delete(id)
  await pair.close()
}

async function connectionsEnd(client: pg.Client, names: readonly string[]): Promise<void> {
  for (let waits = 0; waits < 1000; waits++) {
    const open = await client.query('SELECT FROM pg_stat_activity WHERE application_name = ANY ($1)', [names])
    if (open.rowCount === 0) return
    await pause(10)
  }
  throw new Error('connections of killed workers stay open')
}

async function withClient(connectionString: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
