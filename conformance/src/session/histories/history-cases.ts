import { caseGroup, type SessionCase } from '../../case.ts'
import { checkRandomValues } from '../../run/random-values.ts'
import { histories, runHistory } from './history.ts'

export const historyCases: readonly SessionCase[] = caseGroup('session', 'histories', [
  {
    name: 'random',
    title: 'random calls of sessions, sweeps and audits give what the contract says, one after the other',
    run: context =>
      checkRandomValues({
        values: fc => histories(fc, 50),
        check: history => context.withFresh(fixture => runHistory(fixture, history)),
        count: 2,
        spareMs: 100,
        seed: 4,
      }),
  },
])
