import type { AnyHarness } from '../harness.ts'
import { type CaseOutcome, type ConformanceReport, notApplicableLines } from '../report/report.ts'
import { casesFor, defaultTimeoutMs, notApplicableReason, reportOf, runCase, unknownKnownFailures } from './run.ts'

/** What a test runner has to offer. */
export interface Runner {
  describe(name: string, body: () => void): void
  test(name: string, run: () => Promise<void>, timeoutMs: number): void
  afterAll(run: () => Promise<void>): void
}

export interface LiveReport {
  /** What is known by now; complete when the runner has run the tests. */
  report(): ConformanceReport
  /** Whether every case that applies has run; not when the runner was told to run some of them only. */
  isComplete(): boolean
}

/**
 * Registers a test per case that applies. The others are not tests that were skipped: there is nothing to test. They are printed with their
 * reason, and count in the report.
 */
export function adapt(runner: Runner, harness: AnyHarness): LiveReport {
  const outcomes: CaseOutcome[] = []
  const cases = casesFor(harness)
  const limitMs = 3 * (harness.timeoutMs ?? defaultTimeoutMs)
  runner.describe(`${harness.kind} conformance: ${harness.name}`, () => {
    runner.test(
      'knownFailures names only cases that exist',
      async () => {
        const unknown = unknownKnownFailures(harness)
        if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(', ')}`)
      },
      limitMs,
    )
    for (const tested of cases) {
      if (notApplicableReason(harness, tested) !== undefined) continue
      runner.test(
        `${tested.group}: ${tested.title} (${tested.id})`,
        async () => {
          const outcome = await runCase(harness, tested)
          outcomes.push(outcome)
          if (outcome.status === 'failed') throw outcome.error
        },
        limitMs,
      )
    }
    runner.afterAll(async () => {
      const lines = notApplicableLines([report()])
      if (lines.length > 0) console.log(lines.join('\n'))
      await harness.cleanup()
    })
  })

  /** In the order of the cases, with those that do not apply in their places. */
  function report(): ConformanceReport {
    const byId = new Map(outcomes.map(outcome => [outcome.id, outcome]))
    const ordered = cases.flatMap(tested => {
      const outcome = byId.get(tested.id)
      if (outcome !== undefined) return [outcome]
      const reason = notApplicableReason(harness, tested)
      if (reason === undefined) return []
      const { id, group, title } = tested
      return [{ id, group, title, status: 'not-applicable', durationMs: 0, reason } satisfies CaseOutcome]
    })
    return reportOf(harness, ordered)
  }

  const isComplete = () =>
    outcomes.length === cases.filter(tested => notApplicableReason(harness, tested) === undefined).length

  return { report, isComplete }
}
