import type { StoreCase } from '../case.ts'
import { integrityCases } from './bytes/integrity.ts'
import { ownershipCases } from './bytes/ownership.ts'
import { rangeCases } from './bytes/ranges.ts'
import { roundTripCases } from './bytes/round-trip.ts'
import { sizeCases } from './bytes/sizes.ts'
import { sourceCases } from './bytes/sources.ts'
import { streamCases } from './bytes/streams.ts'
import { abortCases } from './calls/abort.ts'
import { closeCases } from './calls/close.ts'
import { errorCases } from './calls/errors.ts'
import { idCases } from './calls/ids.ts'
import { metadataCases } from './calls/metadata.ts'
import { concurrencyCases } from './copies/concurrency.ts'
import { crowdCases } from './copies/crowds.ts'
import { dedupCases } from './copies/dedup.ts'
import { deleteCases } from './copies/delete.ts'
import { durabilityCases } from './copies/durability.ts'
import { generationCases } from './copies/generations.ts'
import { listingCases } from './copies/listing.ts'
import { historyCases } from './histories/history-cases.ts'
import { instanceCases } from './races/instances.ts'
import { staggeredCases } from './races/staggered.ts'

/** Every case of the store contract, in the order of the report. */
export const storeCases: readonly StoreCase[] = [
  ...roundTripCases,
  ...ownershipCases,
  ...metadataCases,
  ...sizeCases,
  ...idCases,
  ...dedupCases,
  ...generationCases,
  ...integrityCases,
  ...concurrencyCases,
  ...staggeredCases,
  ...instanceCases,
  ...crowdCases,
  ...historyCases,
  ...deleteCases,
  ...listingCases,
  ...rangeCases,
  ...sourceCases,
  ...streamCases,
  ...abortCases,
  ...errorCases,
  ...durabilityCases,
  ...closeCases,
]
