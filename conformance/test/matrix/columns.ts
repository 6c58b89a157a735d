import { type AnyHarness, type ManifestHarness, pairHarness, type StoreHarness } from '@lash/attachments-conformance'
import { fsStoreHarness } from '../harnesses/fs.ts'
import { lmdbDriverHarness, lmdbManifestHarness, lmdbPairHarness, lmdbStoreHarness } from '../harnesses/lmdb.ts'
import { memoryManifestHarness, memoryStoreHarness } from '../harnesses/memory.ts'
import { persistenceManifestHarness } from '../harnesses/persistence.ts'
import { memoryDriverHarness, portableManifestHarness } from '../harnesses/portable.ts'
import {
  pooledPostgresStoreHarness,
  postgresManifestHarness,
  postgresPairHarness,
  postgresStoreHarness,
} from '../harnesses/postgres.ts'
import { redisDriverHarness, redisManifestHarness } from '../harnesses/redis.ts'

import { s3StoreHarness } from '../harnesses/s3.ts'
import { fsSessionStoreHarness, memorySessionStoreHarness } from '../harnesses/session-store.ts'
import { sqliteManifestHarness, sqlitePairHarness, sqliteStoreHarness } from '../harnesses/sqlite.ts'

/** Each backend is paired with itself and with those before it. */
export const backends = ['memory', 'fs', 'sqlite', 'postgres', 's3', 'lmdb', 'redis'] as const

export type Backend = (typeof backends)[number]

/** A case that would not end is ended; a busy machine may take ten times as long as a quiet one. In milliseconds. */
const timeoutMs = 180_000

/** The columns of a backend: its store, its manifest, its pairs. The columns of all backends make the matrix. */
export function columnsOf(backend: Backend): AnyHarness[] {
  if (missingServer(backend) !== undefined) return []
  return columns[backend]().map(column => ({ ...column, timeoutMs }))
}

/** Why no column of the backend can run, or undefined when they can. */
export function missingServer(backend: Backend): string | undefined {
  const variable = serverVariables[backend]
  if (variable === undefined || process.env[variable]) return undefined
  return `${backend}: there is no server, ${variable} is not set`
}

const serverVariables: Partial<Record<Backend, string>> = {
  postgres: 'LASH_TEST_POSTGRES_URL',
  s3: 'LASH_TEST_S3_ENDPOINT',
  redis: 'LASH_TEST_REDIS_URL',
}

const columns: Record<Backend, () => AnyHarness[]> = {
  memory: () => [
    memoryStoreHarness(),
    memorySessionStoreHarness(),
    memoryManifestHarness(),
    persistenceManifestHarness(),
    memoryDriverHarness(),
    portableManifestHarness(),
    ...pairs([memoryStoreHarness], [memoryManifestHarness, portableManifestHarness]),
  ],
  fs: () => [fsStoreHarness(), fsSessionStoreHarness(), ...pairs([fsStoreHarness], [memoryManifestHarness])],
  sqlite: () => [
    sqliteStoreHarness(),
    sqliteManifestHarness(),
    sqliteManifestHarness({ target: 'memory' }),
    ...pairs([memoryStoreHarness, fsStoreHarness, sqliteStoreHarness], [sqliteManifestHarness]),
    ...pairs([sqliteStoreHarness], [memoryManifestHarness]),
    sqlitePairHarness(),
  ],
  postgres: () => [
    postgresStoreHarness(),
    postgresStoreHarness({ givenPool: true }),
    postgresManifestHarness(),
    ...pairs([memoryStoreHarness, fsStoreHarness, sqliteStoreHarness], [postgresManifestHarness]),
    ...pairs([pooledPostgresStoreHarness], [postgresManifestHarness, memoryManifestHarness, sqliteManifestHarness]),
    postgresPairHarness(),
  ],
  lmdb: () => [lmdbStoreHarness(), lmdbManifestHarness(), lmdbDriverHarness(), lmdbPairHarness()],
  redis: () => [redisManifestHarness(), redisDriverHarness(), ...pairs([fsStoreHarness], [redisManifestHarness])],
  s3: () => [
    s3StoreHarness(),
    s3StoreHarness({ givenClient: true }),
    ...pairs(
      [s3StoreHarness],
      [memoryManifestHarness, sqliteManifestHarness, ...(missingServer('postgres') ? [] : [postgresManifestHarness])],
    ),
  ],
}

/** Pairs every store with every manifest. No two pairs share a harness. */
function pairs(stores: readonly (() => StoreHarness)[], manifests: readonly (() => ManifestHarness)[]): AnyHarness[] {
  return stores.flatMap(store => manifests.map(manifest => pairHarness(store(), manifest())))
}
