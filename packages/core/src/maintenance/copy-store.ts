import type { AttachmentStore } from '../store/store.ts'
import type { MaintenanceFailure, MaintenanceProgress } from './progress.ts'

export interface CopyStoreOptions {
  /** Only ids that begin with this. Default: all. */
  prefix?: string | undefined
  /** How many copies are read and put at the same time: 1 to 1,000, default 8. */
  concurrency?: number | undefined
  /** Count what would be copied, and put nothing. Default false. */
  dryRun?: boolean | undefined
  /** Stops the run. It rejects with `signal.reason`; a later run goes on where it was stopped. */
  signal?: AbortSignal | undefined
  /** Called after each copy. */
  onProgress?: ((progress: MaintenanceProgress) => void) | undefined
}

export interface CopyStoreReport {
  /** How many copies the source has listed. */
  listedCount: number
  /** How many of them were put or, in a dry run, would be. */
  copiedCount: number
  copiedByteLength: number
  /** How many were in the target already, whole by what its `stat` says. */
  presentCount: number
  /** What could not be read or put. Nothing of it is in the target. */
  failures: readonly MaintenanceFailure[]
}

export async function copyStore(
  _from: AttachmentStore,
  _to: AttachmentStore,
  _options: CopyStoreOptions = {},
): Promise<CopyStoreReport> {
  throw new Error('not there yet')
}
