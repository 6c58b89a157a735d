import { gradeOf } from './grade.ts'
import { notShownLines } from './not-shown.ts'
import { type ConformanceReport, tally } from './report.ts'

/** A report in a few lines: its grade, its counts, its problems, and what was not shown. */
export function summaryLines(report: ConformanceReport): string[] {
  const { letter, shown } = gradeOf(report)
  return [
    `${report.kind} ${report.backend}: grade ${letter}, ${shown} % shown (${countsOf(report)})`,
    ...report.problems.map(problem => `  problem: ${problem}`),
    ...notShownLines(report).map(line => `  ${line}`),
  ]
}

/** Such as `120 passed, 1 FAILED, 4 not applicable`. */
export function countsOf({ outcomes }: Pick<ConformanceReport, 'outcomes'>): string {
  const { passed, failed, knownFailures, notApplicable } = tally(outcomes)
  const parts = [`${passed} passed`]
  if (failed > 0) parts.push(`${failed} FAILED`)
  if (knownFailures > 0) parts.push(`${knownFailures} known to fail`)
  if (notApplicable > 0) parts.push(`${notApplicable} not applicable`)
  return parts.join(', ')
}
