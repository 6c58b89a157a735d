import { markdownTable } from 'markdown-table'
import type { Capability, HarnessKind } from '../harness.ts'

export type CaseStatus = 'passed' | 'failed' | 'known-failure' | 'not-applicable'

/** How one case went on one harness. */
export interface CaseOutcome {
  readonly id: string
  readonly group: string
  readonly title: string
  readonly status: CaseStatus
  readonly durationMs: number
  /** Of a case that does not apply: the capability that the harness lacks. */
  readonly needs?: Capability
  /** Why the harness lacks it, if it says so, or why a failure is known. */
  readonly reason?: string
  readonly error?: Error
}

/** How one backend did. */
export interface ConformanceReport {
  readonly kind: HarnessKind
  readonly backend: string
  /** Whether no case failed but the known ones, and there is no problem. */
  readonly ok: boolean
  /** What is wrong with the harness, and what was left open after its `cleanup`. */
  readonly problems: readonly string[]
  /** Of the runtime, the kit, core, and what the harness names. */
  readonly versions: Readonly<Record<string, string>>
  readonly outcomes: readonly CaseOutcome[]
}

export interface Tally {
  passed: number
  failed: number
  knownFailures: number
  notApplicable: number
}

const tallied = {
  passed: 'passed',
  failed: 'failed',
  'known-failure': 'knownFailures',
  'not-applicable': 'notApplicable',
} as const satisfies Record<CaseStatus, keyof Tally>

/** Counts outcomes. */
export function tally(outcomes: readonly CaseOutcome[]): Tally {
  const counts: Tally = { passed: 0, failed: 0, knownFailures: 0, notApplicable: 0 }
  for (const { status } of outcomes) counts[tallied[status]]++
  return counts
}

/**
 * The reports of one kind as a Markdown table: a row per group, a column per backend. A cell says how many cases
 * passed, and what else there is: `12`, `11, 1 FAILED`, `8, 4 n/a`.
 */
export function reportsToMarkdown(reports: readonly ConformanceReport[]): string {
  const groups = groupsOf(reports.flatMap(report => report.outcomes))
  return markdownTable([
    ['group', ...reports.map(report => report.backend)],
    ...groups.map(group => [group, ...reports.map(report => cell(inGroup(report.outcomes, group)))]),
    ['total', ...reports.map(report => cell(report.outcomes))],
  ])
}

function cell(outcomes: readonly CaseOutcome[]): string {
  const { passed, failed, knownFailures, notApplicable } = tally(outcomes)
  const parts = [`${passed}`]
  if (failed > 0) parts.push(`${failed} FAILED`)
  if (knownFailures > 0) parts.push(`${knownFailures} known`)
  if (notApplicable > 0) parts.push(`${notApplicable} n/a`)
  return parts.join(', ')
}

/** The groups of the outcomes, each once, in order. */
export function groupsOf(outcomes: readonly CaseOutcome[]): string[] {
  return [...new Set(outcomes.map(outcome => outcome.group))]
}

/** The outcomes of one group. */
export function inGroup(outcomes: readonly CaseOutcome[], group: string): CaseOutcome[] {
  return outcomes.filter(outcome => outcome.group === group)
}
