import type { HarnessKind } from '../harness.ts'
import { type CaseStatus, type ConformanceReport, groupsOf, inGroup, type Tally, tally } from './report.ts'

/** A report as plain JSON. */
export interface ReportJson {
  readonly kind: HarnessKind
  readonly backend: string
  readonly ok: boolean
  readonly unknownKnownFailures: readonly string[]
  readonly total: Tally
  readonly groups: Readonly<Record<string, Tally>>
  readonly cases: readonly CaseJson[]
}

export interface CaseJson {
  readonly id: string
  readonly group: string
  readonly title: string
  readonly status: CaseStatus
  /** Rounded. */
  readonly durationMs: number
  readonly reason?: string
  /** The message of the error. */
  readonly error?: string
}

/** The report as plain JSON: counts in total and per group, and every case with its reason or message. */
export function reportToJson({ kind, backend, ok, unknownKnownFailures, outcomes }: ConformanceReport): ReportJson {
  return {
    kind,
    backend,
    ok,
    unknownKnownFailures,
    total: tally(outcomes),
    groups: Object.fromEntries(groupsOf(outcomes).map(group => [group, tally(inGroup(outcomes, group))])),
    cases: outcomes.map(({ error, durationMs, ...outcome }) => ({
      ...outcome,
      durationMs: Math.round(durationMs),
      ...(error === undefined ? {} : { error: error.message }),
    })),
  }
}

/** The report that was made into this JSON, but for the stacks of its errors. */
export function reportFromJson({ kind, backend, ok, unknownKnownFailures, cases }: ReportJson): ConformanceReport {
  const outcomes = cases.map(({ error, ...rest }) =>
    error === undefined ? rest : { ...rest, error: new Error(error) },
  )
  return { kind, backend, ok, unknownKnownFailures, outcomes }
}
