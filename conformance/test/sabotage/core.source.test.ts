import { beforeAll, describe, expect, test } from 'vitest'
import { outcomesOf } from '../mutants/outcomes.ts'
import { mutants } from './core/mutants.ts'
import type { MutantOutcome } from './core/run-mutants.source.ts'

/**
 * Proves that the cases of pairs can fail when the store and the manifest are right, and what a session, a sweep or an
 * audit does with them is wrong.
 */
describe('each mutant of core is caught by the case that names its defect', () => {
  let outcomes: MutantOutcome[] = []

  beforeAll(async () => {
    outcomes = await outcomesOf(new URL('core/run-mutants.source.ts', import.meta.url), mutants.length)
  }, 300_000)

  for (const [mutant, { defect, caughtBy }] of mutants.entries()) {
    test.each(caughtBy)(`${defect} (%s)`, caseId => {
      const outcome = outcomes.find(each => each.mutant === mutant && each.caseId === caseId)
      expect(outcome?.status, outcome?.message).toBe('failed')
      expect(outcome?.message).not.toContain('did not finish')
    })
  }
})
