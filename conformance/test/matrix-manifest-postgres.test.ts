import { testManifest } from '@lash/attachments-conformance/vitest'
import { test } from 'vitest'
import { postgresManifestHarness } from './harnesses/postgres.ts'
import { printMatrix } from './matrix.ts'

if (process.env.LASH_TEST_POSTGRES_URL) {
  printMatrix('manifest on postgres', [postgresManifestHarness()].map(testManifest))
} else {
  test.skip('manifest on postgres: there is no server, LASH_TEST_POSTGRES_URL is not set', () => {})
}
