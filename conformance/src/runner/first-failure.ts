import type { AnyHarness } from '../harness.ts'
import type { CaseOutcome } from '../report/report.ts'
import { casesFor, runCase } from './run.ts'

/**
 * The first case that fails, for who is still writing a backend; undefined when none does. The cases after it are not
 * run. The harness is cleaned up.
 */
export async function firstFailure(harness: AnyHarness): Promise<CaseOutcome | undefined> {
  try {
    for (const tested of casesFor(harness)) {
      const outcome = await runCase(harness, tested)
      if (outcome.status === 'failed') return outcome
    }
    return undefined
  } finally {
    await harness.cleanup()
  }
}
