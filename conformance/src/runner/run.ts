import type { ConformanceCase } from '../case.ts'
import { allCases } from '../cases.ts'
import { hasCapability } from '../declared/capabilities.ts'
import type { AnyHarness, Capability, Fixture } from '../harness.ts'
import type { CaseOutcome, ConformanceReport } from '../report/report.ts'
import { CaseContext } from '../run/context.ts'
import { within } from '../run/within.ts'
import { whyStuck } from '../watch/why-stuck.ts'
import { HarnessRun } from './harness-run.ts'

/** How long one case may take when the harness does not say, in milliseconds. */
export const defaultTimeoutMs = 60_000

/** The cases of the harness's kind. */
export function casesFor(harness: AnyHarness): readonly ConformanceCase[] {
  return allCases[harness.kind] as readonly ConformanceCase[]
}

/** The capability for want of which the case does not apply to the harness, or undefined when it applies. */
export function missingCapability(harness: AnyHarness, tested: ConformanceCase): Capability | undefined {
  return tested.requires.find(capability => !hasCapability(harness, capability))
}

/** The outcome of a case that does not apply, or undefined when it does. */
export function notApplicable(harness: AnyHarness, tested: ConformanceCase): CaseOutcome | undefined {
  const needs = missingCapability(harness, tested)
  if (needs === undefined) return undefined
  const { id, group, title } = tested
  const reason = harness.lacks?.[needs]
  return { id, group, title, status: 'not-applicable', durationMs: 0, needs, ...(reason && { reason }) }
}

/**
 * Runs one case on a harness. It never rejects: what went wrong is in the outcome.
 * @param open - tells what is open, for the explanation of a case that does not end.
 */
export async function runCase(
  harness: AnyHarness,
  tested: ConformanceCase,
  open: () => readonly string[] = () => [],
): Promise<CaseOutcome> {
  const inapplicable = notApplicable(harness, tested)
  if (inapplicable !== undefined) return inapplicable
  const { id, group, title } = tested
  const started = performance.now()
  const error = await failureOf(harness, tested, open)
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

async function failureOf(
  harness: AnyHarness,
  tested: ConformanceCase,
  open: () => readonly string[],
): Promise<Error | undefined> {
  const context = new CaseContext<Fixture>(harness)
  const started = performance.now()
  const late = (what: string) => () => new Error(`${what} in ${timeoutMs} ms\n${whyStuck(started, open())}`)
  const timeoutMs = harness.timeoutMs ?? defaultTimeoutMs
  const run = tested.run as (context: CaseContext<Fixture>) => Promise<void>
  try {
    await within(timeoutMs, run(context), late(`${tested.id} did not finish`))
    await within(timeoutMs, context.finish(), late(`the fixtures of ${tested.id} were not disposed of`))
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

/**
 * Runs every case of the harness's kind, one after the other, then the harness's `cleanup`. It is for runners
 * without an adapter and for scripts: `report.ok` says whether the backend conforms.
 */
export async function runConformance(
  harness: AnyHarness,
  cases: readonly ConformanceCase[] = casesFor(harness),
): Promise<ConformanceReport> {
  const run = new HarnessRun(harness)
  const outcomes: CaseOutcome[] = []
  try {
    for (const tested of cases) outcomes.push(await runCase(harness, tested, run.open))
  } finally {
    await run.end()
  }
  return run.report(outcomes)
}
