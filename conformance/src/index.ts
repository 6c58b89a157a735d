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
export * from './report.ts'
export { casesFor, notApplicableReason, runCase, runConformance, unknownKnownFailures } from './run.ts'
