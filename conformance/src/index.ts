export type { LiveReport } from './adapter.ts'
export {
  type CaseDefinition,
  type ConformanceCase,
  caseGroup,
  type ManifestCase,
  type SessionCase,
  type StoreCase,
} from './case.ts'
export { allCases, manifestCases, sessionCases, storeCases } from './cases.ts'
export { CaseContext, provided } from './context.ts'
export type * from './harness.ts'
export {
  type CaseOutcome,
  type CaseStatus,
  type ConformanceReport,
  notApplicableLines,
  reportsToMarkdown,
  type Tally,
  tally,
} from './report.ts'
export { type CaseJson, type ReportJson, reportFromJson, reportToJson } from './report-json.ts'
export { casesFor, notApplicableReason, runCase, runConformance, unknownKnownFailures } from './run.ts'
export { saveReports, wholeMarkdown } from './save-reports.ts'
