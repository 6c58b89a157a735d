import type { ConformanceCase } from '../case.ts'
import { harnessProblems } from '../declared/harness-problems.ts'
import type { AnyHarness, ManifestDriverHarness, ManifestHarness, SessionHarness, StoreHarness } from '../harness.ts'
import type { CaseOutcome, ConformanceReport } from '../report/report.ts'
import { summaryLines } from '../report/summary.ts'
import { HarnessRun } from './harness-run.ts'
import { casesFor, defaultTimeoutMs, missingCapability, notApplicable, runCase } from './run.ts'

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
  const outcomes = new Map<string, CaseOutcome>()
  const applicable = cases.filter(tested => missingCapability(harness, tested) === undefined)
  const limitMs = 3 * (harness.timeoutMs ?? defaultTimeoutMs)
  // A runner may load many files before it runs the first test: what is open then is none of this harness.
  let begun: HarnessRun | undefined
  const run = () => (begun ??= new HarnessRun(harness))

  /** The outcomes in the order of the cases, with those that do not apply in their places. */
  function report(): ConformanceReport {
    return run().report(cases.flatMap(tested => outcomes.get(tested.id) ?? notApplicable(harness, tested) ?? []))
  }

  const isComplete = () => outcomes.size === applicable.length

  runner.describe(`${harness.kind} conformance: ${harness.name}`, () => {
    const checkHarness = async () => {
      const problems = harnessProblems(harness)
      if (problems.length > 0) throw new Error(problems.join('\n'))
    }
    runner.test('the harness names only capabilities and cases that exist', checkHarness, limitMs)
    for (const tested of applicable) {
      const check = async () => {
        const outcome = await runCase(harness, tested, run().open)
        outcomes.set(tested.id, outcome)
        if (outcome.status === 'failed') throw outcome.error
      }
      runner.test(`${tested.group}: ${tested.title} (${tested.id})`, check, limitMs)
    }
    runner.afterAll(async () => {
      const left = await run().end()
      // Of some of the cases there is no grade.
      if (isComplete()) console.log(summaryLines(report()).join('\n'))
      if (left.length > 0) throw new Error(left.join('\n'))
    })
  })
  return { report, isComplete }
}
