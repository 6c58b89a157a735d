import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { mutants } from './core/mutants.ts'
import type { MutantOutcome } from './core/run-mutants.source.ts'

/**
 * Proves that the cases of pairs can fail when the store and the manifest are right, and what a session or an audit
 * does with them is wrong.
 */
describe('each mutant of core is caught by the case that names its defect', () => {
  let outcomes: MutantOutcome[] = []

  beforeAll(async () => {
    const script = fileURLToPath(new URL('core/run-mutants.source.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [script], { maxBuffer: 1 << 26 })
    outcomes = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as MutantOutcome)
  }, 300_000)

  for (const [mutant, { defect, caughtBy }] of mutants.entries()) {
    test.each(caughtBy)(`${defect} (%s)`, caseId => {
      const outcome = outcomes.find(each => each.mutant === mutant && each.caseId === caseId)
      expect(outcome?.status, outcome?.message).toBe('failed')
      expect(outcome?.message).not.toContain('did not finish')
    })
  }
})
