import { notApplicableReason, runCase, type StoreCase, storeCases } from '@lash/attachments-conformance'
import { describe, expect, test } from 'vitest'
import { memoryStoreHarness } from '../harnesses/memory.ts'

const times = 20
/** Of these it is the size that matters, not chance: a few times have to do. */
const timesOfLarge = 3
const large = new Set(['store/sizes', 'store/list and stat/more-than-1000', 'store/abort/mid-stream-releases'])

function timesOf({ id, kind, group }: StoreCase): number {
  return large.has(id) || large.has(`${kind}/${group}`) ? timesOfLarge : times
}

describe(`every store case passes ${times} times on the store in memory`, () => {
  const harness = memoryStoreHarness()
  const applicable = storeCases.filter(tested => notApplicableReason(harness, tested) === undefined)
  test.each(applicable)('$id', async tested => {
    for (let time = 1; time <= timesOf(tested); time++) {
      const outcome = await runCase(harness, tested)
      expect(outcome.error?.message, `time ${time}`).toBeUndefined()
    }
  })
})
