import { testSession } from '@lash/attachments-conformance/vitest'
import { test } from 'vitest'
import { fsStoreHarness } from './harnesses/fs.ts'
import { memoryManifestHarness, memoryStoreHarness } from './harnesses/memory.ts'
import { pairHarness } from './harnesses/pair.ts'
import { postgresManifestHarness, postgresPairHarness, postgresStoreHarness } from './harnesses/postgres.ts'
import { sqliteManifestHarness, sqliteStoreHarness } from './harnesses/sqlite.ts'
import { printMatrix } from './matrix.ts'

if (process.env.LASH_TEST_POSTGRES_URL) {
  const stores = [memoryStoreHarness, fsStoreHarness, sqliteStoreHarness, postgresStoreHarness]
  const pairs = [
    ...stores.map(store => pairHarness(store(), postgresManifestHarness())),
    pairHarness(postgresStoreHarness(), memoryManifestHarness()),
    pairHarness(postgresStoreHarness(), sqliteManifestHarness()),
    postgresPairHarness(),
  ]
  printMatrix('pairs with postgres', pairs.map(testSession))
} else {
  test.skip('pairs with postgres: there is no server, LASH_TEST_POSTGRES_URL is not set', () => {})
}
