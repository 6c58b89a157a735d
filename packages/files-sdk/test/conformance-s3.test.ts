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
  'metadata',
  'crowds',
  'histories',
  'dedup',
  'instances',
  'concurrency',
  'generations',
  'durability',
]
/** Takes long, and looks at pages, as `more-than-1000` does. */
const dearest = 'store/list and stat/stable'
const cases = storeCases.filter(({ group, id }) => !elsewhere.includes(group) && id !== dearest)

const server = s3FromEnvironment()
if (server?.endpoint.startsWith('http:')) testStore(s3AdapterHarness(server), cases)
else describe.skip('there is no S3 server that is reached by plain HTTP', () => {})
