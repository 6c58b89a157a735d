import { gradeOf } from './grade.ts'
import { type ConformanceReport, tally } from './report.ts'

/** What shields.io shows when it is given the address of this JSON as an endpoint. */
export interface Badge {
  readonly schemaVersion: 1
  readonly label: string
  readonly message: string
  readonly color: string
}

const colors = { A: 'brightgreen', B: 'green', C: 'yellow', D: 'orange', F: 'red' } as const

/** The grade of a backend, and how many rules it was shown to keep. */
export function badgeOf(report: ConformanceReport): Badge {
  const { letter } = gradeOf(report)
  const { passed, failed } = tally(report.outcomes)
  const message = failed > 0 ? `${letter}, ${failed} rules broken` : `${letter}, ${passed} rules kept`
  return { schemaVersion: 1, label: `attachments ${report.kind}`, message, color: colors[letter] }
}
