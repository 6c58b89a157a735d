/**
 * For operators: copies a store to another one, verifies it, and puts back what a restore has left out. All over the
 * public interfaces, so from any backend to any other.
 */
export { type CopyManifestOptions, type CopyManifestReport, copyManifest } from './maintenance/copy-manifest.ts'
export { type CopyStoreOptions, type CopyStoreReport, copyStore } from './maintenance/copy-store.ts'
export type { MaintenanceFailure, MaintenanceProgress } from './maintenance/progress.ts'
export { type RepairOptions, type RepairReport, repairCopies } from './maintenance/repair-copies.ts'
export { type VerifyStoreOptions, type VerifyStoreReport, verifyStore } from './maintenance/verify-store.ts'
