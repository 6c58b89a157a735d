import type { ManifestCase } from '../../case.ts'
import { checkRandomValues } from '../../run/random-values.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { histories, runHistory } from './history.ts'

export const historyCases: readonly ManifestCase[] = manifestGroup('histories', {
  random: {
    title: 'random calls give what the contract says, one after the other, on one instance and on two',
    run: ({ withFresh }) =>
      checkRandomValues({
        values: fc => histories(fc, 80),
        check: history => withFresh(fixture => runHistory(fixture, history)),
        count: 3,
        spareMs: 150,
        seed: 7,
      }),
  },
})
