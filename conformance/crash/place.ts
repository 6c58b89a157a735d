import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { type ManifestAddress, openPair, type PairAddress, type StoreAddress } from './pair.ts'

/** A place of its own for a pair: a folder, a schema, a prefix. */
export interface Place {
  readonly address: PairAddress
  /**
   * Resolves when nothing goes on any more that killed workers of these names have asked for: a database finishes a statement whose client is
   * dead.
   */
  quiet(workers: readonly string[]): Promise<void>
  remove(): Promise<void>
}

/** Every durable pair, as `<store>+<manifest>`; `sqlite+sqlite` is one file, `sqlite-sqlite` two. */
export const pairNames = [
  'fs+sqlite',
  'sqlite+sqlite',
  'sqlite-sqlite',
  'fs+postgres',
  'sqlite+postgres',
  'postgres+postgres',
  'postgres+sqlite',
  's3+postgres',
  's3+sqlite',
] as const
export type PairName = (typeof pairNames)[number]

export function isPairName(name: string): name is PairName {
  return (pairNames as readonly string[]).includes(name)
}

/** What is missing for a pair here, in words; undefined when nothing is. */
export function missingFor(name: PairName): string | undefined {
  if (name.includes('postgres') && !process.env.LASH_TEST_POSTGRES_URL) return 'LASH_TEST_POSTGRES_URL is not set'
  if (name.includes('s3') && !process.env.LASH_TEST_S3_ENDPOINT) return 'LASH_TEST_S3_ENDPOINT is not set'
  return undefined
}

export async function makePlace(name: PairName): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'attachments-crash-'))
  const schema = `crash_${randomBytes(8).toString('hex')}`
  const connectionString = process.env.LASH_TEST_POSTGRES_URL ?? ''
  const [store, manifest] = name.split(/[+-]/) as [StoreAddress['kind'], ManifestAddress['kind']]
  const oneFile = name === 'sqlite+sqlite'
  const address: PairAddress = {
    store: {
      fs: { kind: 'fs', root: join(folder, 'bytes') } as const,
      sqlite: { kind: 'sqlite', path: join(folder, 'bytes.db') } as const,
      postgres: { kind: 'postgres', connectionString, schema } as const,
      s3: { kind: 's3', prefix: `crash/${schema}/` } as const,
    }[store],
    manifest:
      manifest === 'sqlite'
        ? { kind: 'sqlite', path: join(folder, oneFile ? 'bytes.db' : 'refs.db') }
        : { kind: 'postgres', connectionString, schema },
  }
  await mkdir(folder, { recursive: true })
  return {
    address,
    async quiet(workers) {
      if (name.includes('postgres')) await connectionsEnd(connectionString, workers)
    },
    async remove() {
      await removeBlobs(address)
      if (name.includes('postgres')) await dropSchema(connectionString, schema)
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

async function connectionsEnd(connectionString: string, names: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    for (let waits = 0; waits < 1000; waits++) {
      const open = await client.query('SELECT FROM pg_stat_activity WHERE application_name = ANY ($1)', [names])
      if (open.rowCount === 0) return
      await pause(10)
    }
    throw new Error('connections of killed workers stay open')
  } finally {
    await client.end()
  }
}

async function dropSchema(connectionString: string, schema: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  } finally {
    await client.end()
  }
}
