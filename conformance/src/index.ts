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
export {
  type CaseOutcome,
  type CaseStatus,
  type ConformanceReport,
  notApplicableLines,
  reportsToMarkdown,
  type Tally,
  tally,
} from './report/report.ts'
export { type CaseJson, type ReportJson, reportFromJson, reportToJson } from './report/report-json.ts'
export { saveReports, wholeMarkdown } from './report/save-reports.ts'
export type { LiveReport } from './run/adapter.ts'
export { CaseContext, provided } from './run/context.ts'
export { firstFailure } from './run/first-failure.ts'
export { casesFor, notApplicableReason, runCase, runConformance, unknownKnownFailures } from './run/run.ts'
export { runStoreHistories, type StoreHistoriesOptions } from './store/histories/run-store-histories.ts'
