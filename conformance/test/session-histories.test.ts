import { pairHarness, runSessionHistories, type SessionHarness } from '@lash/attachments-conformance'
import { afterAll, test } from 'vitest'
import { fsStoreHarness } from './harnesses/fs.ts'
import { lmdbPairHarness } from './harnesses/lmdb.ts'
import { memoryManifestHarness, memoryStoreHarness } from './harnesses/memory.ts'
import { postgresManifestHarness, postgresPairHarness } from './harnesses/postgres.ts'
import { s3StoreHarness } from './harnesses/s3.ts'
import { sqliteManifestHarness, sqlitePairHarness } from './harnesses/sqlite.ts'

/*
 * The same random histories on every kind of pair. What the contract leaves open aside, all of them agree with one
 * reference, and so with each other.
 */

const hasPostgres = Boolean(process.env.LASH_TEST_POSTGRES_URL)

const counts: [SessionHarness, count: number][] = [
  [pairHarness(memoryStoreHarness(), memoryManifestHarness()), 300],
  [pairHarness(fsStoreHarness(), sqliteManifestHarness()), 10],
  [sqlitePairHarness(), 15],
  [lmdbPairHarness(), 10],
]
if (hasPostgres) counts.push([postgresPairHarness(), 10])
if (hasPostgres && process.env.LASH_TEST_S3_ENDPOINT) {
  counts.push([pairHarness(s3StoreHarness(), postgresManifestHarness()), 4])
}

/** Any other one shows other histories. */
const seed = Number(process.env.LASH_HISTORIES_SEED ?? 1)

test.each(counts)('$name agrees with the reference', async (harness, count) => {
  afterAll(() => harness.cleanup())
  await runSessionHistories(harness, { count, seed })
})
