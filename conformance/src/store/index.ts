import type { StoreCase } from '../case.ts'
import { abortCases } from './abort.ts'
import { closeCases } from './close.ts'
import { concurrencyCases } from './concurrency.ts'
import { dedupCases } from './dedup.ts'
import { deleteCases } from './delete.ts'
import { durabilityCases } from './durability.ts'
import { errorCases } from './errors.ts'
import { generationCases } from './generations.ts'
import { idCases } from './ids.ts'
import { integrityCases } from './integrity.ts'
import { listingCases } from './listing.ts'
import { metadataCases } from './metadata.ts'
import { ownershipCases } from './ownership.ts'
import { rangeCases } from './ranges.ts'
import { roundTripCases } from './round-trip.ts'
import { sizeCases } from './sizes.ts'
import { sourceCases } from './sources.ts'
import { streamCases } from './streams.ts'

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
