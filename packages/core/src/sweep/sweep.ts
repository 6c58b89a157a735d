import { checkConcurrency, concurrently } from '../calls/concurrently.ts'
import type { AttachmentId } from '../content/id.ts'
import type { AttachmentManifest, OrphanClaim } from '../manifest/manifest.ts'
import type { AttachmentStore } from '../store/store.ts'

/** One copy that could not be deleted. Its claim stands; a later sweep tries again. */
export interface AttachmentReclamationFailure {
  id: AttachmentId
  generation: number
  error: unknown
}

export interface AttachmentReclamationReport {
  /** Contents looked at: claimed by this sweep or, in a dry run, that would have been. In an audit: blobs listed. */
  scannedIntentCount: number
  /** Copies deleted. */
  reclaimedCount: number
  failures: AttachmentReclamationFailure[]
}

export interface AttachmentSweepOptions {
  /** Stops the sweep between two deletes; it rejects with `signal.reason`. What it had claimed, a later sweep takes over. */
  signal?: AbortSignal | undefined
  /** Copies claimed and deleted at a time: 1 to 10,000, default 1,000. */
  batchSize?: number | undefined
  /** Deletes in flight at a time: 1 or more, default 1,000; the stores of this project join those of one tick into few calls. */
  concurrency?: number | undefined
  /** Called after every batch with the report so far. */
  onProgress?: ((report: Readonly<AttachmentReclamationReport>) => void) | undefined
}

export const defaultBatchSize = 1000

/** One run of a sweeper: deletes the bytes of claims, settles them, and keeps the count. */
export class Sweep {
  readonly report: AttachmentReclamationReport = { scannedIntentCount: 0, reclaimedCount: 0, failures: [] }
  readonly #manifest: AttachmentManifest
  readonly #store: AttachmentStore
  readonly #options: AttachmentSweepOptions
  readonly #concurrency: number
  readonly #failed = new Set<string>()

  constructor(manifest: AttachmentManifest, store: AttachmentStore, options: AttachmentSweepOptions) {
    this.#manifest = manifest
    this.#store = store
    this.#options = options
    this.#concurrency = checkConcurrency(options.concurrency ?? defaultBatchSize)
  }

  /** Deletes and settles what it can; goes on past failures. Returns whether any claim was not a repeated failure. */
  async take(claims: readonly OrphanClaim[]): Promise<boolean> {
    const fresh = claims.filter(claim => !this.#failed.has(nameOf(claim)))
    const deleted: OrphanClaim[] = []
    const { signal } = this.#options
    await concurrently(fresh, this.#concurrency, async claim => {
      if (!signal?.aborted && (await this.#delete(claim))) deleted.push(claim)
    })
    // Also when aborted: what is deleted is deleted, and saying so saves the next sweeper the work.
    if (deleted.length > 0) await this.#manifest.settleClaims(deleted)
    this.report.reclaimedCount += deleted.length
    this.#options.onProgress?.(this.report)
    // Where nothing is waited for, the host would not come to abort the sweep, nor to anything else.
    await new Promise(setImmediate)
    signal?.throwIfAborted()
    return fresh.length > 0
  }

  async #delete(claim: OrphanClaim): Promise<boolean> {
    const { attachmentId: id, generation } = claim
    try {
      await this.#store.delete(id, { generation })
      return true
    } catch (error) {
      this.#failed.add(nameOf(claim))
      this.report.failures.push({ id, generation, error })
      return false
    }
  }
}

function nameOf(claim: OrphanClaim): string {
  return `${claim.attachmentId}.${claim.generation}`
}
