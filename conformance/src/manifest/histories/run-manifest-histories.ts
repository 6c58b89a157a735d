import type { ManifestFixture, ManifestHarness } from '../../harness.ts'
import { CaseContext } from '../../run/context.ts'
import { checkRandomValues } from '../../run/random-values.ts'
import { histories, runHistory } from './history.ts'

export interface ManifestHistoriesOptions {
  /** How many histories, each on a fresh manifest. */
  readonly count: number
  /** The most calls of one. Default 80. */
  readonly calls?: number
  /** Decides them: the same seed gives the same ones. Default 1. */
  readonly seed?: number
}

/**
 * Runs random histories of a manifest beside a reference that is the contract in a few lines: more of them than the
 * case `manifest/histories/random` does, or with a seed of yours. `cleanup` of the harness is left to you.
 * @throws AssertionError with the shortest program found that goes wrong.
 */
export function runManifestHistories(
  harness: ManifestHarness,
  { count, calls = 80, seed = 1 }: ManifestHistoriesOptions,
): Promise<void> {
  return checkRandomValues({
    values: fc => histories(fc, calls),
    check: history => new CaseContext<ManifestFixture>(harness).withFresh(fixture => runHistory(fixture, history)),
    count,
    seed,
  })
}
