import type { SessionCase } from '../case.ts'
import { boundaryCases } from './boundary.ts'
import { pendingCases } from './pending.ts'
import { writingCases } from './writing.ts'

/** Every case of a store and a manifest together, in the order of the report. */
export const sessionCases: readonly SessionCase[] = [...writingCases, ...pendingCases, ...boundaryCases]
