import { testStore } from '@lash/attachments-conformance/vitest'
import { test } from 'vitest'
import { s3StoreHarness } from './harnesses/s3.ts'
import { printMatrix } from './matrix.ts'

const harnesses = [s3StoreHarness(), s3StoreHarness({ givenClient: true })].filter(harness => harness !== undefined)

if (harnesses.length > 0) printMatrix('stores on s3', harnesses.map(testStore))
else test.skip('stores on s3: there is no server, LASH_TEST_S3_ENDPOINT is not set', () => {})
