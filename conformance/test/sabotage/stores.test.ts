import { AssertionError } from 'node:assert'
import { runCase, runConformance, storeCases } from '@lash/attachments-conformance'
import { AttachmentStoreError } from '@lash/attachments-core'
import { describe, expect, test } from 'vitest'
import { byteSabotages } from './stores/bytes.ts'
import { crowdSabotages } from './stores/crowds.ts'
import { lifeSabotages } from './stores/life.ts'
import { memorySabotages } from './stores/memory.ts'
import { metadataSabotages } from './stores/metadata.ts'
import { placeSabotages } from './stores/places.ts'
import { raceSabotages } from './stores/races.ts'
import { openerOf } from './stores/sabotage.ts'
import { shelfHarness } from './stores/shelf-harness.ts'
import { valueSabotages } from './stores/values.ts'
import { waitingSabotages } from './stores/waiting.ts'

const sabotages = [
  ...byteSabotages,
  ...memorySabotages,
  ...metadataSabotages,
  ...placeSabotages,
  ...lifeSabotages,
  ...waitingSabotages,
  ...raceSabotages,
  ...crowdSabotages,
  ...valueSabotages,
].map(Sabotaged => ({ Sabotaged, name: Sabotaged.name, defect: Sabotaged.defect, caughtBy: Sabotaged.caughtBy }))

test('the store that the sabotaged ones are made from passes every case', async () => {
  const report = await runConformance(shelfHarness())
  const failed = report.outcomes.filter(outcome => outcome.status === 'failed')
  expect(failed.map(outcome => outcome.error?.message)).toEqual([])
})

describe('each sabotaged store is caught by the case that names its defect', () => {
  test.each(sabotages)('$name: $defect ($caughtBy)', async ({ Sabotaged, name, caughtBy }) => {
    const tested = storeCases.find(candidate => candidate.id === caughtBy)
    if (tested === undefined) throw new Error(`no such case: ${caughtBy}`)
    const outcome = await runCase(shelfHarness(name, openerOf(Sabotaged)), tested)
    expect(outcome.status).toBe('failed')
    // An assertion of the case or the store itself failed; not the harness, and not the limit of time.
    const cause = outcome.error?.cause
    expect(cause instanceof AssertionError || AttachmentStoreError.isInstance(cause)).toBe(true)
    expect(outcome.error?.message).toContain(tested.title)
  })
})
