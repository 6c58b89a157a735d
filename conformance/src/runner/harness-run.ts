import { harnessProblems } from '../declared/harness-problems.ts'
import type { AnyHarness } from '../harness.ts'
import type { CaseOutcome, ConformanceReport } from '../report/report.ts'
import { versionsHere } from '../report/versions.ts'
import { LeftOpen } from '../watch/left-open.ts'

/** The kit at work on a harness, from before its first case until after its `cleanup`. */
export class HarnessRun {
  readonly #harness: AnyHarness
  readonly #leftOpen = new LeftOpen()
  readonly #problems: string[]
  #versions: Readonly<Record<string, string>> = versionsHere

  constructor(harness: AnyHarness) {
    this.#harness = harness
    this.#problems = harnessProblems(harness)
  }

  /** What keeps the process alive now, for a case that does not end. */
  readonly open = (): string[] => this.#leftOpen.now()

  /**
   * Cleans up, and looks what is open then.
   * @returns a line for each thing that was left open.
   */
  async end(): Promise<string[]> {
    try {
      this.#versions = { ...this.#versions, ...(await this.#harness.versions?.()) }
    } finally {
      await this.#harness.cleanup()
    }
    const left = (await this.#leftOpen.end()).map(line => `left open after cleanup: ${line}`)
    this.#problems.push(...left)
    return left
  }

  /** It is complete when the run has ended. */
  report(outcomes: readonly CaseOutcome[]): ConformanceReport {
    const { kind, name } = this.#harness
    const problems = [...this.#problems]
    const ok = problems.length === 0 && outcomes.every(({ status }) => status !== 'failed')
    return { kind, backend: name, ok, problems, versions: this.#versions, outcomes }
  }
}
