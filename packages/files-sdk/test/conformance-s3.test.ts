import { testStore } from '@lash/attachments-conformance/vitest'
import { s3FromEnvironment } from '@lash/attachments-testing/s3'
import { describe } from 'vitest'
import { s3AdapterHarness } from './harnesses/s3.ts'

const server = s3FromEnvironment()
if (server?.endpoint.startsWith('http:')) testStore(s3AdapterHarness(server))
else describe.skip('there is no S3 server that is reached by plain HTTP', () => {})
