import type { ManifestCase } from '../case.ts'
import { atomicityCases } from './calls/atomicity.ts'
import { concurrencyCases } from './calls/concurrency.ts'
import { invalidInputCases } from './calls/invalid-input.ts'
import { lifecycleCases } from './calls/lifecycle.ts'
import { malformedIdCases } from './calls/malformed-ids.ts'
import { processCases } from './calls/processes.ts'
import { scaleCases } from './calls/scale.ts'
import { sessionIdCases } from './calls/session-ids.ts'
import { ageCases } from './claims/ages.ts'
import { blobCases } from './claims/blobs.ts'
import { dryRunCases } from './claims/dry-runs.ts'
import { filterCases } from './claims/filters.ts'
import { forgetCases } from './claims/forgets.ts'
import { generationCases } from './claims/generations.ts'
import { orphanCases } from './claims/orphans.ts'
import { takeoverCases } from './claims/takeovers.ts'
import { clockCases } from './floor/clocks.ts'
import { purgeCases } from './floor/purges.ts'
import { floorStrayCases } from './floor/strays.ts'
import { historyCases } from './histories/history-cases.ts'
import { holdCases } from './holders/holds.ts'
import { lookupCases } from './holders/lookups.ts'
import { metadataCases } from './holders/metadata.ts'
import { holderNameCases } from './holders/names.ts'
import { exportCases } from './moves/exports.ts'
import { importCases } from './moves/imports.ts'
import { commitCases } from './refs/commits.ts'
import { intentCases } from './refs/intents.ts'
import { listingCases } from './refs/listings.ts'
import { releaseCases } from './refs/releases.ts'
import { transactionCases } from './refs/transactions.ts'

/** Every case of the manifest contract, in the order of the report. */
export const manifestCases: readonly ManifestCase[] = [
  ...intentCases,
  ...commitCases,
  ...transactionCases,
  ...releaseCases,
  ...listingCases,
  ...metadataCases,
  ...holdCases,
  ...lookupCases,
  ...holderNameCases,
  ...orphanCases,
  ...filterCases,
  ...ageCases,
  ...takeoverCases,
  ...blobCases,
  ...dryRunCases,
  ...generationCases,
  ...forgetCases,
  ...purgeCases,
  ...floorStrayCases,
  ...clockCases,
  ...exportCases,
  ...importCases,
  ...historyCases,
  ...sessionIdCases,
  ...invalidInputCases,
  ...malformedIdCases,
  ...scaleCases,
  ...concurrencyCases,
  ...atomicityCases,
  ...lifecycleCases,
  ...processCases,
]
