import { runStoreHistories, type StoreHarness } from '@lash/attachments-conformance'
import { afterAll, test } from 'vitest'
import { fsStoreHarness } from './harnesses/fs.ts'
import { lmdbStoreHarness } from './harnesses/lmdb.ts'
import { memoryStoreHarness } from './harnesses/memory.ts'
import { postgresStoreHarness } from './harnesses/postgres.ts'
import { s3StoreHarness } from './harnesses/s3.ts'
import { fsSessionStoreHarness, memorySessionStoreHarness } from './harnesses/session-store.ts'
import { sqliteStoreHarness } from './harnesses/sqlite.ts'

/*
 * The same random histories on every store, and on the views of a session over pairs. What the contract leaves open
 * aside, all of them agree with one reference, and so with each other.
 */

const counts: [StoreHarness, count: number][] = [
  [memoryStoreHarness(), 60],
  [memorySessionStoreHarness(), 40],
  [fsStoreHarness(), 12],
  [fsSessionStoreHarness(), 8],
  [sqliteStoreHarness(), 12],
  [sqliteStoreHarness({ target: 'memory' }), 40],
  [lmdbStoreHarness(), 12],
  ...(process.env.LASH_TEST_POSTGRES_URL ? ([[postgresStoreHarness(), 6]] as [StoreHarness, number][]) : []),
  ...(process.env.LASH_TEST_S3_ENDPOINT ? ([[s3StoreHarness(), 4]] as [StoreHarness, number][]) : []),
]

test.each(counts)('$name agrees with the reference', async (harness, count) => {
  afterAll(() => harness.cleanup())
  await runStoreHistories(harness, { count, seed: Number(process.env.LASH_HISTORIES_SEED ?? 1) })
})
