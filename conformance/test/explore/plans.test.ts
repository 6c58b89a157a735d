import { type Coverage, coverageTable, exploreAll, exploreSome, plans } from '@lash/attachments-conformance/explore'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryPair } from './memory-harness.ts'

const covered: Coverage[] = []

describe('every schedule on memory + memory', () => {
  for (const plan of plans) {
    if (plan.requires?.some(capability => !memoryPair.capabilities.includes(capability))) continue
    test(`${plan.name}: ${plan.title}`, async () => {
      const coverage = await exploreAll(memoryPair, plan)
      covered.push(coverage)
      expect(coverage.states).toBeGreaterThan(100)
    }, 300_000)
  }
})

test('schedules chosen at random on memory + memory', async () => {
  covered.push(await exploreSome(memoryPair, { schedules: 3000 }))
})

afterAll(() => console.log(`\n${coverageTable(covered)}\n`))
