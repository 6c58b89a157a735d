import { type ManifestHarness, runManifestHistories } from '@lash/attachments-conformance'
import { afterAll, test } from 'vitest'
import { lmdbManifestHarness } from './harnesses/lmdb.ts'
import { memoryManifestHarness } from './harnesses/memory.ts'
import { portableManifestHarness } from './harnesses/portable.ts'
import { postgresManifestHarness } from './harnesses/postgres.ts'
import { redisManifestHarness } from './harnesses/redis.ts'
import { sqliteManifestHarness } from './harnesses/sqlite.ts'

/*
 * The same random histories on every manifest. What the contract leaves open aside, all of them agree with one
 * reference, and so with each other.
 */

const counts: [ManifestHarness, count: number][] = [
  [memoryManifestHarness(), 300],
  [portableManifestHarness(), 100],
  [sqliteManifestHarness({ target: 'memory' }), 100],
  [sqliteManifestHarness(), 10],
  [lmdbManifestHarness(), 10],
]
if (process.env.LASH_TEST_POSTGRES_URL) counts.push([postgresManifestHarness(), 15])
if (process.env.LASH_TEST_REDIS_URL) counts.push([redisManifestHarness(), 10])

/** Any other one shows other histories. */
const seed = Number(process.env.LASH_HISTORIES_SEED ?? 1)

test.each(counts)('$name agrees with the reference', async (harness, count) => {
  afterAll(() => harness.cleanup())
  await runManifestHistories(harness, { count, seed })
})
