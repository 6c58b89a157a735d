import type { StoreCase } from '../../case.ts'
import { checkRandomValues } from '../../run/random-values.ts'
import { storeGroup } from '../store-under-test.ts'
import { histories, runHistory } from './history.ts'

export const historyCases: readonly StoreCase[] = storeGroup('histories', {
  random: {
    title:
      'random calls, one after the other and some at once, on one instance and on two, answer as some order of them',
    async run({ withFresh, has }) {
      const traits = { generations: has('generations'), metadata: has('metadata-of-first-put') }
      await checkRandomValues({
        values: fc => histories(fc, 40, traits),
        check: history => withFresh(fixture => runHistory(fixture, history, traits)),
        count: 3,
        spareMs: 150,
        seed: 5,
      })
    },
  },
})
