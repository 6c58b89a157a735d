import {
  type AnyHarness,
  type ConformanceCase,
  casesFor,
  missingCapability,
  runCase,
} from '@lash/attachments-conformance'
import { describe, expect, test } from 'vitest'

const times = 2
/** With these cases it is the size that matters, not chance: once has to do. */
const timesOfLarge = 1
const large = new Set([
  'store/sizes',
  'store/list and stat/more-than-1000',
  'store/abort/mid-stream-releases',
  'manifest/many at once',
  'session/sweep/no-grace',
])

/** Registers a test per case that applies. It runs the case many times. */
export function testForFlakes(harness: AnyHarness): void {
  describe(`every ${harness.kind} case passes ${times} times in memory`, () => {
    const applicable = casesFor(harness).filter(tested => missingCapability(harness, tested) === undefined)
    test.each(applicable)('$id', async tested => {
      for (let time = 1; time <= timesOf(tested); time++) {
        const outcome = await runCase(harness, tested)
        expect(outcome.error?.message, `time ${time}`).toBeUndefined()
      }
    })
  })
}

function timesOf({ id, kind, group }: ConformanceCase): number {
  return large.has(id) || large.has(`${kind}/${group}`) ? timesOfLarge : times
}
