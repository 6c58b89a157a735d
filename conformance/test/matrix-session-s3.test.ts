import { testSession } from '@lash/attachments-conformance/vitest'
import { test } from 'vitest'
import { memoryManifestHarness } from './harnesses/memory.ts'
import { pairHarness } from './harnesses/pair.ts'
import { postgresManifestHarness } from './harnesses/postgres.ts'
import { s3StoreHarness } from './harnesses/s3.ts'
import { sqliteManifestHarness } from './harnesses/sqlite.ts'
import { printMatrix } from './matrix.ts'

const manifests = [memoryManifestHarness, sqliteManifestHarness]
if (process.env.LASH_TEST_POSTGRES_URL) manifests.push(postgresManifestHarness)
const pairs = manifests.flatMap(manifest => {
  const store = s3StoreHarness()
  return store === undefined ? [] : [pairHarness(store, manifest())]
})

if (pairs.length > 0) printMatrix('pairs with s3', pairs.map(testSession))
else test.skip('pairs with s3: there is no server, LASH_TEST_S3_ENDPOINT is not set', () => {})
