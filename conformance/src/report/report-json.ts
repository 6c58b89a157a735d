import { type CaseOutcome, type ConformanceReport, groupsOf, inGroup, type Tally, tally } from './report.ts'

/** A report as plain JSON. */
export interface ReportJson extends Omit<ConformanceReport, 'outcomes'> {
  readonly total: Tally
  readonly groups: Readonly<Record<string, Tally>>
  readonly cases: readonly CaseJson[]
}

/** An outcome as plain JSON. Its duration is rounded. */
export interface CaseJson extends Omit<CaseOutcome, 'error'> {
  /** The message of the error. */
  readonly error?: string
}

/** The report as plain JSON: counts in total and per group, and every case with its reason or message. */
export function reportToJson({ outcomes, ...report }: ConformanceReport): ReportJson {
  return {
    ...report,
    total: tally(outcomes),
    groups: Object.fromEntries(groupsOf(outcomes).map(group => [group, tally(inGroup(outcomes, group))])),
    cases: outcomes.map(({ error, durationMs, ...outcome }) => ({
      ...outcome,
      durationMs: Math.round(durationMs),
      ...(error === undefined ? {} : { error: error.message }),
    })),
  }
}

/** The report that was made into this JSON. Its errors have no stacks. */
export function reportFromJson({ total: _, groups: __, cases, ...report }: ReportJson): ConformanceReport {
  const outcomes = cases.map(({ error, ...outcome }) =>
    error === undefined ? outcome : { ...outcome, error: new Error(error) },
  )
  return { ...report, outcomes }
}
