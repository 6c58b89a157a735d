import type { SessionCase } from '../case.ts'
import { historyCases } from './histories/history-cases.ts'
import { adoptionCases } from './holders/adopting.ts'
import { chatCases } from './holders/chats.ts'
import { givenRefCases } from './holders/given-refs.ts'
import { adoptionRaceCases } from './holders/racing.ts'
import { refCases } from './holders/refs.ts'
import { usageCases } from './holders/usage.ts'
import { viewCases } from './holders/views.ts'
import { auditingCases } from './sweeps/auditing.ts'
import { auditGuardCases } from './sweeps/guarding.ts'
import { lossCases } from './sweeps/losses.ts'
import { sweepingCases } from './sweeps/sweeping.ts'
import { boundaryCases } from './turns/boundary.ts'
import { faultCases } from './turns/faults.ts'
import { pendingCases } from './turns/pending.ts'
import { writingCases } from './turns/writing.ts'

/** Every case of a store and a manifest together, in the order of the report. */
export const sessionCases: readonly SessionCase[] = [
  ...writingCases,
  ...pendingCases,
  ...givenRefCases,
  ...boundaryCases,
  ...viewCases,
  ...refCases,
  ...adoptionCases,
  ...adoptionRaceCases,
  ...usageCases,
  ...chatCases,
  ...sweepingCases,
  ...auditingCases,
  ...auditGuardCases,
  ...lossCases,
  ...faultCases,
  ...historyCases,
]
