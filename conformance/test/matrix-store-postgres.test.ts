import { testStore } from '@lash/attachments-conformance/vitest'
import { test } from 'vitest'
import { postgresStoreHarness } from './harnesses/postgres.ts'
import { printMatrix } from './matrix.ts'

if (process.env.LASH_TEST_POSTGRES_URL) {
  const harnesses = [postgresStoreHarness(), postgresStoreHarness({ givenPool: true })]
  printMatrix('stores on postgres', harnesses.map(testStore))
} else {
  test.skip('stores on postgres: there is no server, LASH_TEST_POSTGRES_URL is not set', () => {})
}
