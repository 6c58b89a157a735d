import type { ManifestCase } from '../case.ts'
import { blobCases } from './blobs.ts'
import { commitCases } from './commits.ts'
import { concurrencyCases } from './concurrency.ts'
import { forgetCases } from './forgets.ts'
import { intentCases } from './intents.ts'
import { invalidInputCases } from './invalid-input.ts'
import { lifecycleCases } from './lifecycle.ts'
import { listingCases } from './listings.ts'
import { orphanCases } from './orphans.ts'
import { processCases } from './processes.ts'
import { releaseCases } from './releases.ts'
import { scaleCases } from './scale.ts'
import { sessionIdCases } from './session-ids.ts'
import { takeoverCases } from './takeovers.ts'
import { transactionCases } from './transactions.ts'

/** Every case of the manifest contract, in the order of the report. */
export const manifestCases: readonly ManifestCase[] = [
  ...intentCases,
  ...commitCases,
  ...transactionCases,
  ...releaseCases,
  ...listingCases,
  ...orphanCases,
  ...takeoverCases,
  ...blobCases,
  ...forgetCases,
  ...sessionIdCases,
  ...invalidInputCases,
  ...scaleCases,
  ...concurrencyCases,
  ...lifecycleCases,
  ...processCases,
]
