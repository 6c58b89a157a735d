import type { SessionCase } from '../case.ts'
import { auditingCases } from './auditing.ts'
import { boundaryCases } from './boundary.ts'
import { faultCases } from './faults.ts'
import { lossCases } from './losses.ts'
import { pendingCases } from './pending.ts'
import { sweepingCases } from './sweeping.ts'
import { writingCases } from './writing.ts'

/** Every case of a store and a manifest together, in the order of the report. */
export const sessionCases: readonly SessionCase[] = [
  ...writingCases,
  ...pendingCases,
  ...boundaryCases,
  ...sweepingCases,
  ...auditingCases,
  ...lossCases,
  ...faultCases,
]
