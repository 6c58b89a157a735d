import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentStore } from '../store/store.ts'
import type { MaintenanceFailure, MaintenanceProgress } from './progress.ts'

export interface VerifyStoreOptions {
  /** Only ids that begin with this. Default: all. */
  prefix?: string | undefined
  /** How many copies are read at the same time: 1 to 1,000, default 8. */
  concurrency?: number | undefined
  /** Go on after this copy: the `upTo` of an earlier run's progress. It need not be there any more. */
  after?: AttachmentKey | undefined
  /** Stops the run. It rejects with `signal.reason`. */
  signal?: AbortSignal | undefined
  /** Called after each copy. */
  onProgress?: ((progress: MaintenanceProgress) => void) | undefined
}

export interface VerifyStoreReport {
  /** How many copies were read, damaged ones included. */
  checkedCount: number
  /** Their length together, in bytes. */
  byteLength: number
  /** What is not whole or could not be read, with the reason. */
  damaged: readonly MaintenanceFailure[]
}

export async function verifyStore(
  _store: AttachmentStore,
  _options: VerifyStoreOptions = {},
): Promise<VerifyStoreReport> {
  throw new Error('not there yet')
}
