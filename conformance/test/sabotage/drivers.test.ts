import { AssertionError } from 'node:assert'
import { manifestDriverCases, runCase } from '@lash/attachments-conformance'
import { describe, expect, test } from 'vitest'
import { applyingSabotages } from './drivers/applying.ts'
import { readingSabotages } from './drivers/reading.ts'
import { sabotagedHarness } from './drivers/sabotage.ts'

const caught = [...readingSabotages, ...applyingSabotages].flatMap(Driver =>
  Driver.caughtBy.map(caseId => ({ Driver, name: Driver.name, defect: Driver.defect, caseId })),
)

describe('each sabotaged driver is caught by the cases that name its defect', () => {
  test.each(caught)('$name: $defect ($caseId)', async ({ Driver, name, caseId }) => {
    const tested = manifestDriverCases.find(({ id }) => id === caseId)
    if (tested === undefined) throw new Error(`no such case: ${caseId}`)
    const outcome = await runCase(sabotagedHarness(Driver), tested)
    expect(outcome.status).toBe('failed')
    // An assertion of the case failed, or the driver; not the harness, and not the limit of time.
    const cause = outcome.error?.cause
    const isOfDriver = name === 'SaysMore' || name === 'ClosesAll'
    expect(cause instanceof AssertionError || isOfDriver, `${cause}`).toBe(true)
    expect(outcome.error?.message).toContain(tested.title)
  })
})
