import type { AttachmentManifest, AttachmentManifestEntry } from '../manifest/manifest.ts'
import type { AttachmentStore } from '../store/store.ts'
import type { MaintenanceProgress } from './progress.ts'

export interface RepairOptions {
  /** Find out what would be repaired and what is lost, and put nothing. Default false. */
  dryRun?: boolean | undefined
  /** Stops the run. It rejects with `signal.reason`. */
  signal?: AbortSignal | undefined
  /** Called after each content. */
  onProgress?: ((progress: MaintenanceProgress) => void) | undefined
}

export interface RepairReport {
  /** How many contents with a committed ref were looked at, each once. */
  checkedCount: number
  /** For how many of them the copy that the refs name was put again or, in a dry run, would be. */
  repairedCount: number
  /** The committed refs to content of which no copy is whole. */
  lost: readonly AttachmentManifestEntry[]
}

export async function repairCopies(
  _manifest: AttachmentManifest,
  _store: AttachmentStore,
  _options: RepairOptions = {},
): Promise<RepairReport> {
  throw new Error('not there yet')
}
