import type { ConformanceCase } from '../case.ts'
import { allCases } from '../cases.ts'
import { hasCapability } from '../declared/capabilities.ts'
import type { AnyHarness, Fixture } from '../harness.ts'
import type { CaseOutcome, ConformanceReport } from '../report/report.ts'
import { CaseContext } from './context.ts'
import { within } from './within.ts'

/** How long one case may take when the harness does not say, in milliseconds. */
export const defaultTimeoutMs = 60_000

/** The cases of the harness's kind. */
export function casesFor(harness: AnyHarness): readonly ConformanceCase[] {
  return allCases[harness.kind] as readonly ConformanceCase[]
}

/** Why the case does not apply to the harness, or undefined when it does. */
export function notApplicableReason(harness: AnyHarness, tested: ConformanceCase): string | undefined {
  const missing = tested.requires.find(capability => !hasCapability(harness, capability))
  if (missing === undefined) return undefined
  const why = harness.lacks?.[missing]
  return why === undefined ? `needs ${missing}` : `needs ${missing}: ${why}`
}

/** Runs one case on a harness. It never rejects: what went wrong is in the outcome. */
export async function runCase(harness: AnyHarness, tested: ConformanceCase): Promise<CaseOutcome> {
  const { id, group, title } = tested
  const reason = notApplicableReason(harness, tested)
  if (reason !== undefined) return { id, group, title, status: 'not-applicable', durationMs: 0, reason }

  const started = performance.now()
  const error = await failureOf(harness, tested)
  const durationMs = performance.now() - started
  const known = harness.knownFailures?.[id]
  if (known !== undefined && error === undefined) {
    const fixed = new Error(`${id} passes, and is listed in knownFailures ("${known}"): remove it there`)
    return { id, group, title, status: 'failed', durationMs, error: fixed }
  }
  if (error === undefined) return { id, group, title, status: 'passed', durationMs }
  if (known !== undefined) return { id, group, title, status: 'known-failure', durationMs, reason: known, error }
  return { id, group, title, status: 'failed', durationMs, error }
}

async function failureOf(harness: AnyHarness, tested: ConformanceCase): Promise<Error | undefined> {
  const context = new CaseContext<Fixture>(harness)
  const timeoutMs = harness.timeoutMs ?? defaultTimeoutMs
  const run = tested.run as (context: CaseContext<Fixture>) => Promise<void>
  try {
    await within(timeoutMs, run(context), () => new Error(`${tested.id} did not finish in ${timeoutMs} ms`))
    const stuck = () => new Error(`the fixtures of ${tested.id} were not disposed of in ${timeoutMs} ms`)
    await within(timeoutMs, context.finish(), stuck)
    return undefined
  } catch (error) {
    // What the case left may be broken too. Only the first failure tells what is wrong.
    await within(timeoutMs, context.finish(), () => new Error()).catch(() => {})
    return named(tested, error)
  }
}

/** The error with the case's id and rule before its message, so that the failure names what is wrong. */
function named(tested: ConformanceCase, cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : String(cause)
  const error = new Error(`${tested.id}: broken rule: ${tested.title}\n${text}`, { cause })
  if (cause instanceof Error && cause.stack !== undefined) error.stack = `${error.message}\n${frames(cause.stack)}`
  return error
}

function frames(stack: string): string {
  return stack
    .split('\n')
    .filter(line => /^\s+at /.test(line))
    .join('\n')
}

/** Ids in `knownFailures` that no case has: they are misspelt, or their case is gone. */
export function unknownKnownFailures(harness: AnyHarness): string[] {
  const ids = new Set(casesFor(harness).map(tested => tested.id))
  return Object.keys(harness.knownFailures ?? {}).filter(id => !ids.has(id))
}

/**
 * Runs every case of the harness's kind, one after the other, then the harness's `cleanup`. It is for runners
 * without an adapter and for scripts: `report.ok` says whether the backend conforms.
 */
export async function runConformance(
  harness: AnyHarness,
  cases: readonly ConformanceCase[] = casesFor(harness),
): Promise<ConformanceReport> {
  const outcomes: CaseOutcome[] = []
  try {
    for (const tested of cases) outcomes.push(await runCase(harness, tested))
  } finally {
    await harness.cleanup()
  }
  return reportOf(harness, outcomes)
}

/** The report of outcomes. */
export function reportOf(harness: AnyHarness, outcomes: readonly CaseOutcome[]): ConformanceReport {
  const unknown = unknownKnownFailures(harness)
  const ok = unknown.length === 0 && outcomes.every(outcome => outcome.status !== 'failed')
  return { kind: harness.kind, backend: harness.name, ok, unknownKnownFailures: unknown, outcomes }
}
