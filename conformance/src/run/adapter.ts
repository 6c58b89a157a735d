import type { ConformanceCase } from '../case.ts'
import type { AnyHarness, ManifestDriverHarness, ManifestHarness, SessionHarness, StoreHarness } from '../harness.ts'

import { type CaseOutcome, type ConformanceReport, notApplicableLines } from '../report/report.ts'
import { casesFor, defaultTimeoutMs, notApplicableReason, reportOf, runCase, unknownKnownFailures } from './run.ts'

/** What the kit needs of a test runner. */
export interface Runner {
  describe(name: string, body: () => void): void
  test(name: string, run: () => Promise<void>, timeoutMs: number): void
  afterAll(run: () => Promise<void>): void
}

export interface LiveReport {
  /** What is known by now. It is complete when the runner has run the tests. */
  report(): ConformanceReport
  /** Whether every case that applies has run; not so when the runner was told to run only some of them. */
  isComplete(): boolean
}

/** The kit as one test runner offers it. Each function registers a test per case: by default, of every case. */
export interface ConformanceTests {
  testStore(harness: StoreHarness, cases?: readonly ConformanceCase[]): LiveReport
  testManifest(harness: ManifestHarness, cases?: readonly ConformanceCase[]): LiveReport
  /** Store x manifest. */
  testSession(harness: SessionHarness, cases?: readonly ConformanceCase[]): LiveReport
  /** What the portable manifest is put on. */
  testManifestDriver(harness: ManifestDriverHarness, cases?: readonly ConformanceCase[]): LiveReport
}

export function conformanceTests(runner: Runner): ConformanceTests {
  const test = (harness: AnyHarness, cases?: readonly ConformanceCase[]) => testsOf(runner, harness, cases)
  return { testStore: test, testManifest: test, testSession: test, testManifestDriver: test }
}

/**
 * Registers a test per case that applies. The others are not skipped tests: there is nothing to test. They are
 * printed with their reason, and they count in the report.
 */
function testsOf(runner: Runner, harness: AnyHarness, cases = casesFor(harness)): LiveReport {
  const outcomes: CaseOutcome[] = []
  const reasons = new Map(cases.map(tested => [tested.id, notApplicableReason(harness, tested)]))
  const applicable = cases.filter(({ id }) => reasons.get(id) === undefined)
  const limitMs = 3 * (harness.timeoutMs ?? defaultTimeoutMs)

  /** The outcomes in the order of the cases, with those that do not apply in their places. */
  function report(): ConformanceReport {
    const byId = new Map(outcomes.map(outcome => [outcome.id, outcome]))
    const ordered = cases.flatMap(({ id, group, title }): CaseOutcome[] => {
      const outcome = byId.get(id)
      if (outcome !== undefined) return [outcome]
      const reason = reasons.get(id)
      return reason === undefined ? [] : [{ id, group, title, status: 'not-applicable', durationMs: 0, reason }]
    })
    return reportOf(harness, ordered)
  }

  runner.describe(`${harness.kind} conformance: ${harness.name}`, () => {
    const checkKnownFailures = async () => {
      const unknown = unknownKnownFailures(harness)
      if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(', ')}`)
    }
    runner.test('knownFailures names only cases that exist', checkKnownFailures, limitMs)
    for (const tested of applicable) {
      const check = async () => {
        const outcome = await runCase(harness, tested)
        outcomes.push(outcome)
        if (outcome.status === 'failed') throw outcome.error
      }
      runner.test(`${tested.group}: ${tested.title} (${tested.id})`, check, limitMs)
    }
    runner.afterAll(async () => {
      const lines = notApplicableLines([report()])
      if (lines.length > 0) console.log(lines.join('\n'))
      await harness.cleanup()
    })
  })
  return { report, isComplete: () => outcomes.length === applicable.length }
}
