import type { SessionFixture, SessionHarness } from '../../harness.ts'
import { CaseContext } from '../../run/context.ts'
import { checkRandomValues } from '../../run/random-values.ts'
import { histories, runHistory } from './history.ts'

export interface SessionHistoriesOptions {
  /** How many histories, each on a fresh pair. */
  readonly count: number
  /** The most calls of one. Default 50. */
  readonly calls?: number
  /** Decides them: the same seed gives the same ones. Default 1. */
  readonly seed?: number
}

/**
 * Runs random histories of sessions, sweeps and audits on a pair, beside a reference that is the contract in a few
 * lines: more of them than the case `session/histories/random` does, or with a seed of yours. `cleanup` of the harness
 * is left to you.
 * @throws AssertionError with the shortest program found that goes wrong.
 */
export function runSessionHistories(
  harness: SessionHarness,
  { count, calls = 50, seed = 1 }: SessionHistoriesOptions,
): Promise<void> {
  return checkRandomValues({
    values: fc => histories(fc, calls),
    check: history => new CaseContext<SessionFixture>(harness).withFresh(fixture => runHistory(fixture, history)),
    count,
    seed,
  })
}
