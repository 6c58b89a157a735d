import { checkConcurrency, concurrently } from '../calls/concurrently.ts'
import type { AttachmentId } from '../content/id.ts'
import { AttachmentInvalidArgumentError } from '../errors.ts'
import { maxClaimLimit } from '../manifest/checks.ts'
import type { AttachmentManifest, OrphanClaim } from '../manifest/manifest.ts'
import type { AttachmentStore } from '../store/store.ts'

/** A copy that could not be deleted. Its claim stands, and a later sweep tries again. */
export interface AttachmentReclamationFailure {
  id: AttachmentId
  generation: number
  error: unknown
}

export interface AttachmentReclamationReport {
  /**
   * How many contents the sweep has claimed or, in a dry run, would have claimed. A content counts once, however many
   * sessions have an intent for it; one that fails to be deleted and is claimed again counts again. In an audit: how
   * many listed blobs it has looked at, without those that are too young.
   */
  scannedIntentCount: number
  /** How many copies were deleted. */
  reclaimedCount: number
  failures: AttachmentReclamationFailure[]
}

export interface AttachmentSweepOptions {
  /**
   * Stops the sweep between two deletes. It rejects with `signal.reason`, and a later sweep takes over what it had
   * claimed.
   */
  signal?: AbortSignal | undefined
  /** How many copies are claimed and deleted together: 1 to 10,000, default 1,000. */
  batchSize?: number | undefined
  /**
   * Most deletes in flight: 1 or more, default 1,000. The stores of this project join the deletes of one tick into few
   * calls.
   */
  concurrency?: number | undefined
  /** Called after every batch, with the report so far. */
  onProgress?: ((report: Readonly<AttachmentReclamationReport>) => void) | undefined
}

const defaultBatchSize = 1000

/** One run of a sweeper. Deletes the bytes of claims, settles the claims, and counts. */
export class Sweep {
  readonly report: AttachmentReclamationReport = { scannedIntentCount: 0, reclaimedCount: 0, failures: [] }
  readonly batchSize: number
  readonly #manifest: AttachmentManifest
  readonly #store: AttachmentStore
  readonly #options: AttachmentSweepOptions
  readonly #concurrency: number
  readonly #failed = new Set<string>()

  constructor(manifest: AttachmentManifest, store: AttachmentStore, options: AttachmentSweepOptions) {
    this.#manifest = manifest
    this.#store = store
    this.#options = options
    this.batchSize = checkBatchSize(options.batchSize ?? defaultBatchSize)
    this.#concurrency = checkConcurrency(options.concurrency ?? defaultBatchSize)
  }

  /**
   * Deletes and settles what it can, and goes on past failures. Returns whether there was a claim that had not failed
   * before.
   */
  async take(claims: readonly OrphanClaim[]): Promise<boolean> {
    const fresh = claims.filter(claim => !this.#failed.has(nameOf(claim)))
    const deleted: OrphanClaim[] = []
    const { signal } = this.#options
    await concurrently(fresh, this.#concurrency, async claim => {
      if (!signal?.aborted && (await this.#delete(claim))) deleted.push(claim)
    })
    // Even when aborted: these bytes are deleted, and a claim that is settled saves the next sweeper the work.
    if (deleted.length > 0) await this.#manifest.settleClaims(deleted)
    this.report.reclaimedCount += deleted.length
    await this.progressed()
    return fresh.length > 0
  }

  /** After each batch: tells the host, and lets it stop the sweep. */
  async progressed(): Promise<void> {
    this.#options.onProgress?.(this.report)
    // If no call here ever waits, the host gets no turn of the event loop to abort the sweep, or for anything else.
    await new Promise(setImmediate)
    this.#options.signal?.throwIfAborted()
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

function checkBatchSize(batchSize: number): number {
  if (Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= maxClaimLimit) return batchSize
  throw new AttachmentInvalidArgumentError(`batchSize must be a whole number from 1 to ${maxClaimLimit}`)
}

function nameOf(claim: OrphanClaim): string {
  return `${claim.attachmentId}.${claim.generation}`
}
