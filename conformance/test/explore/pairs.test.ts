import { pairHarness, type SessionHarness } from '@lash/attachments-conformance'
import { type Coverage, coverageTable, exploreSome, plans } from '@lash/attachments-conformance/explore'
import { afterAll, describe, test } from 'vitest'
import { fsStoreHarness } from '../harnesses/fs.ts'
import { memoryManifestHarness, memoryStoreHarness } from '../harnesses/memory.ts'
import { sqliteManifestHarness, sqlitePairHarness, sqliteStoreHarness } from '../harnesses/sqlite.ts'

const covered: Coverage[] = []

/** The pairs without a server, and how many schedules each runs in a few seconds. */
const pairs: readonly [SessionHarness, number][] = [
  [pairHarness(memoryStoreHarness(), sqliteManifestHarness()), 80],
  [pairHarness(fsStoreHarness(), memoryManifestHarness()), 25],
  [pairHarness(fsStoreHarness(), sqliteManifestHarness()), 25],
  [pairHarness(sqliteStoreHarness(), memoryManifestHarness()), 120],
  [pairHarness(sqliteStoreHarness(), sqliteManifestHarness()), 50],
  [sqlitePairHarness(), 80],
]

describe('schedules chosen at random', () => {
  for (const [harness, schedules] of pairs) {
    test(`on ${harness.name}`, async () => {
      covered.push(await exploreSome(harness, { schedules }))
    }, 300_000)
  }
})

/** Where content at its first generation has no row of its own, a purge of other content must not move it. */
describe('schedules of plans with purges and jumps of clocks, chosen at random', () => {
  const harness = pairHarness(memoryStoreHarness(), sqliteManifestHarness())
  afterAll(() => harness.cleanup())
  for (const plan of plans.filter(({ requires }) => requires?.includes('clock'))) {
    test(`${plan.name} on ${harness.name}`, async () => {
      covered.push(await exploreSome(harness, { schedules: 30, plan }))
    }, 300_000)
  }
})

afterAll(async () => {
  console.log(`\n${coverageTable(covered)}\n`)
  for (const [harness] of pairs) await harness.cleanup()
})
