import {
  type AnyHarness,
  type ConformanceCase,
  casesFor,
  notApplicableReason,
  runCase,
} from '@lash/attachments-conformance'
import { describe, expect, test } from 'vitest'
import { memoryManifestHarness, memoryStoreHarness } from '../harnesses/memory.ts'
import { pairHarness } from '../harnesses/pair.ts'

const times = 20
/** Of these it is the size that matters, not chance: a few times have to do. */
const timesOfLarge = 3
const large = new Set(['manifest/many at once', 'session/sweep/no-grace'])

function timesOf({ id, kind, group }: ConformanceCase): number {
  return large.has(id) || large.has(`${kind}/${group}`) ? timesOfLarge : times
}

const harnesses: AnyHarness[] = [memoryManifestHarness(), pairHarness(memoryStoreHarness(), memoryManifestHarness())]

describe.each(harnesses)(`every $kind case passes ${times} times in memory`, harness => {
  const applicable = casesFor(harness).filter(tested => notApplicableReason(harness, tested) === undefined)
  test.each(applicable)('$id', async tested => {
    for (let time = 1; time <= timesOf(tested); time++) {
      const outcome = await runCase(harness, tested)
      expect(outcome.error?.message, `time ${time}`).toBeUndefined()
    }
  })
})

test.each([memoryManifestHarness(), harnesses[1] as AnyHarness])('titles of $kind cases are unique', harness => {
  const titles = casesFor(harness).map(tested => tested.title)
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([])
})
