import { type Coverage, coverageTable, exploreAll, exploreSome, plans } from '@lash/attachments-conformance/explore'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryPair } from './memory-harness.ts'
import { portablePair } from './portable-harness.ts'

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

/** A plan takes half as long again as in memory. These are small, and have purges, audits and takeovers. */
const plansOfPortable: readonly string[] = ['one-session', 'purge', 'purge-strays']

describe('every schedule on memory + portable', () => {
  for (const plan of plans.filter(({ name }) => plansOfPortable.includes(name))) {
    test(`${plan.name}: ${plan.title}`, async () => {
      const coverage = await exploreAll(portablePair, plan)
      covered.push(coverage)
      expect(coverage.states).toBeGreaterThan(100)
    }, 300_000)
  }
})

test('schedules chosen at random on memory + portable', async () => {
  covered.push(await exploreSome(portablePair, { schedules: 100 }))
}, 300_000)

test('schedules chosen at random on memory + memory', async () => {
  covered.push(await exploreSome(memoryPair, { schedules: 500 }))
})

afterAll(() => console.log(`\n${coverageTable(covered)}\n`))
