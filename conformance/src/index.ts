export {
  type CaseDefinition,
  type ConformanceCase,
  caseGroup,
  type ManifestCase,
  type ManifestDriverCase,
  type SessionCase,
  type StoreCase,
} from './case.ts'
export { allCases, manifestCases, manifestDriverCases, sessionCases, storeCases } from './cases.ts'
export { hasCapability } from './declared/capabilities.ts'
export type * from './harness.ts'
export { damagedBytes } from './harnesses/damage.ts'
export { pairHarness } from './harnesses/pair.ts'
export { type ManifestHistoriesOptions, runManifestHistories } from './manifest/histories/run-manifest-histories.ts'
export { type Badge, badgeOf } from './report/badge.ts'
export { type Grade, gradeOf } from './report/grade.ts'
export { reportToHtml } from './report/html.ts'
export { type NotShown, notShown } from './report/not-shown.ts'
export {
  type CaseOutcome,
  type CaseStatus,
  type ConformanceReport,
  reportsToMarkdown,
  type Tally,
  tally,
} from './report/report.ts'
export { type CaseJson, type ReportJson, reportFromJson, reportToJson } from './report/report-json.ts'
export { saveReports } from './report/save-reports.ts'
export { summaryLines } from './report/summary.ts'
export { packageVersions } from './report/versions.ts'
export { wholeMarkdown } from './report/whole-markdown.ts'
export { CaseContext, provided } from './run/context.ts'
export type { LiveReport } from './runner/adapter.ts'
export { firstFailure } from './runner/first-failure.ts'
export { casesFor, missingCapability, runCase, runConformance } from './runner/run.ts'
export { runSessionHistories, type SessionHistoriesOptions } from './session/histories/run-session-histories.ts'
export { runStoreHistories, type StoreHistoriesOptions } from './store/histories/run-store-histories.ts'
