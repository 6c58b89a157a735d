import type { ManifestDriverCase } from '../case.ts'
import { interleavingCases } from './interleavings/interleavings.ts'
import { applyCases } from './map/applies.ts'
import { concurrencyCases } from './map/concurrency.ts'
import { durabilityCases } from './map/durability.ts'
import { getCases } from './map/gets.ts'
import { scanCases } from './map/scans.ts'

/** Every case of the driver contract, in the order of the report. */
export const manifestDriverCases: readonly ManifestDriverCase[] = [
  ...getCases,
  ...scanCases,
  ...applyCases,
  ...concurrencyCases,
  ...interleavingCases,
  ...durabilityCases,
]
