import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { outcomesOf } from '../mutants/outcomes.ts'
import { rules } from './rules.ts'
import type { MutantOutcome } from './run-mutants.source.ts'

/**
 * Proves that the explorer can fail. A change to the real code switches off one safety rule of the protocol, and the
 * explorer finds what goes wrong, with the shortest schedule that shows it.
 */
describe('with one rule switched off', () => {
  let outcomes: MutantOutcome[] = []

  beforeAll(async () => {
    outcomes = await outcomesOf(new URL('run-mutants.source.ts', import.meta.url), rules.length)
  }, 300_000)

  const outcomeOf = (index: number) => outcomes.find(({ mutant }) => mutant === index)

  for (const [index, { rule, caught }] of rules.entries()) {
    test(`${rule} -> ${caught}`, () => {
      const outcome = outcomeOf(index)
      expect(outcome?.kind, outcome?.message).toBe(caught)
    })
  }

  afterAll(() => {
    for (const [index, { rule }] of rules.entries()) console.log(`without: ${rule}\n${outcomeOf(index)?.message}\n`)
  })
})
