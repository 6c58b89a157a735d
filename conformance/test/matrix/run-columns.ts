import { parseArgs } from 'node:util'
import {
  type ConformanceReport,
  runConformance,
  saveReports,
  tally,
  wholeMarkdown,
} from '@lash/attachments-conformance'
import { casesOf } from './cases.ts'
import { backends, columnsOf, missingServer } from './columns.ts'
import { isEssential, isEssentialColumn } from './essential.ts'

/*
 * Runs the matrix without a test runner, on any runtime that runs TypeScript:
 *
 *   node conformance/test/matrix/run-columns.ts [--essential] [--reports <folder>] [<backend> ...]
 */

const { values, positionals } = parseArgs({
  options: { essential: { type: 'boolean' }, reports: { type: 'string' } },
  allowPositionals: true,
})
const unknown = positionals.filter(name => !(backends as readonly string[]).includes(name))
if (unknown.length > 0) throw new Error(`no such backend: ${unknown.join(', ')}; there are ${backends.join(', ')}`)
const chosen = positionals.length === 0 ? backends : backends.filter(name => positionals.includes(name))

const all: ConformanceReport[] = []
for (const backend of chosen) {
  const missing = missingServer(backend)
  if (missing !== undefined) {
    console.log(`skipped: ${missing}`)
    if (process.env.CI === 'true') process.exitCode = 1
    continue
  }
  const reports: ConformanceReport[] = []
  for (const harness of columnsOf(backend).filter(column => !values.essential || isEssentialColumn(column))) {
    const cases = casesOf(harness).filter(tested => !values.essential || isEssential(harness, tested))
    reports.push(await runConformance(harness, cases))
    console.log(progressLine(reports.at(-1) as ConformanceReport))
  }
  if (values.reports !== undefined) await saveReports(values.reports, backend, reports)
  all.push(...reports)
}
console.log(`\n${wholeMarkdown(all)}`)

const problems = all.flatMap(report => report.problems.map(problem => `${report.kind} ${report.backend}: ${problem}`))
for (const problem of problems) console.log(`PROBLEM of ${problem}`)
const { passed, failed } = tally(all.flatMap(report => report.outcomes))
const ofProblems = problems.length === 0 ? '' : `, ${problems.length} PROBLEMS: see above`
console.log(`${passed} passed, ${failed} failed${ofProblems}`)
// A backend may have left something open that would keep the process alive.
process.exit(process.exitCode ?? (all.every(report => report.ok) ? 0 : 1))

function progressLine(report: ConformanceReport): string {
  const counts = tally(report.outcomes)
  const failed = counts.failed === 0 ? '' : `, ${counts.failed} FAILED`
  return `${report.kind} ${report.backend}: ${counts.passed} passed${failed}`
}
