import { casesFor, runCase, runConformance, type StoreHarness } from '@lash/attachments-conformance'
import { describe, expect, test } from 'vitest'
import { fsStoreHarness } from './harnesses/fs.ts'
import { memoryStoreHarness } from './harnesses/memory.ts'

const toldTruly = 'store/durability/told-truly'

test('what survives kill -9 and not a power cut is crash-safe: fs without syncs', async () => {
  const harness = fsStoreHarness({ durability: 'relaxed' })
  const cases = casesFor(harness).filter(({ group }) => group === 'durability')
  const { outcomes } = await runConformance(harness, cases)
  expect(outcomes.map(({ id, status, error }) => [id, status, error?.message])).toEqual(
    cases.map(({ id }) => [id, 'passed', undefined]),
  )
})

describe('a store that says more or less of its persistence than its harness is caught', () => {
  test.each<[StoreHarness, Partial<StoreHarness>]>([
    [fsStoreHarness(), { capabilities: ['crash-safe'] }],
    [fsStoreHarness(), { capabilities: [] }],
    [fsStoreHarness({ durability: 'relaxed' }), { capabilities: ['durable'] }],
    [memoryStoreHarness(), { capabilities: ['crash-safe'] }],
  ])('%#', async (harness, declared) => {
    const tested = casesFor(harness).find(({ id }) => id === toldTruly)
    if (tested === undefined) throw new Error(`no such case: ${toldTruly}`)
    try {
      expect(await runCase({ ...harness, ...declared }, tested)).toMatchObject({ status: 'failed' })
    } finally {
      await harness.cleanup()
    }
  })
})
