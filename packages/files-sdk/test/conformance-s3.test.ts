import { storeCases } from '@lash/attachments-conformance'
import { testStore } from '@lash/attachments-conformance/vitest'
import { s3FromEnvironment } from '@lash/attachments-testing/s3'
import { describe } from 'vitest'
import { s3AdapterHarness } from './harnesses/s3.ts'

/** What the adapter has no part in, or is the same over every adapter: it runs over `fs`. */
const elsewhere = [
  'sources',
  'ownership',
  'sizes',
  'ids',
  'crowds',
  'histories',
  'dedup',
  'instances',
  'concurrency',
  'generations',
  'durability',
]
const cases = storeCases.filter(({ group }) => !elsewhere.includes(group))

const server = s3FromEnvironment()
if (server?.endpoint.startsWith('http:')) testStore(s3AdapterHarness(server), cases)
else describe.skip('there is no S3 server that is reached by plain HTTP', () => {})
