import type { StoreFixture, StoreHarness } from '../../harness.ts'
import { CaseContext } from '../../run/context.ts'
import { checkRandomValues } from '../../run/random-values.ts'
import { histories, runHistory } from './history.ts'

export interface StoreHistoriesOptions {
  /** How many histories, each on a fresh store. */
  readonly count: number
  /** The most steps of one. Default 40. */
  readonly steps?: number
  /** Decides them: the same seed gives the same ones. Default 1. */
  readonly seed?: number
}

/**
 * Runs random histories of a store beside a reference that is the contract in a few lines: more of them than the case
 * `store/histories/random` does, or with a seed of yours. `cleanup` of the harness is left to you.
 * @throws AssertionError with the shortest program found that goes wrong.
 */
export function runStoreHistories(
  harness: StoreHarness,
  { count, steps = 40, seed = 1 }: StoreHistoriesOptions,
): Promise<void> {
  const context = new CaseContext<StoreFixture>(harness)
  const traits = { generations: context.has('generations'), metadata: context.has('metadata-of-first-put') }
  return checkRandomValues({
    values: fc => histories(fc, steps, traits),
    check: history => context.withFresh(fixture => runHistory(fixture, history, traits)),
    count,
    seed,
  })
}
