import { concurrently } from '../calls/concurrently.ts'
import type { AttachmentId } from '../content/id.ts'
import { maxClaimLimit } from '../manifest/checks.ts'
import type { AttachmentManifest, OrphanClaim } from '../manifest/manifest.ts'
import { checkNumber, checkWhole } from '../numbers.ts'
import { physicalName } from '../store/driver.ts'
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

export interface AttachmentAuditReport extends AttachmentReclamationReport {
  /** How many of the blobs that were looked at nothing refers to. */
  unreferencedCount: number
  /** The length of these together, in bytes. */
  unreferencedByteLength: number
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

/** One run of a sweeper. */
export interface Sweep {
  readonly report: AttachmentReclamationReport
  readonly batchSize: number
  /**
   * Deletes the bytes of the claims, settles what it could delete, and goes on past failures. Returns whether there was
   * a claim that had not failed before.
   */
  take(claims: readonly OrphanClaim[]): Promise<boolean>
  /** After each batch: tells the host, and lets it stop the sweep. */
  progressed(): Promise<void>
}

/** @throws AttachmentInvalidArgumentError when an option is out of range. */
export function begunSweep(
  manifest: AttachmentManifest,
  store: AttachmentStore,
  { signal, batchSize = 1000, concurrency = 1000, onProgress }: AttachmentSweepOptions,
): Sweep {
  checkWhole('batchSize', batchSize, maxClaimLimit, 1)
  checkNumber('concurrency', concurrency, 1)
  const report: AttachmentReclamationReport = { scannedIntentCount: 0, reclaimedCount: 0, failures: [] }
  const failed = new Set<string>()

  const progressed = async () => {
    onProgress?.(report)
    // If no call here ever waits, the host gets no turn of the event loop to abort the sweep, or for anything else.
    await new Promise(setImmediate)
    signal?.throwIfAborted()
  }

  const take = async (claims: readonly OrphanClaim[]) => {
    const fresh = claims.filter(claim => !failed.has(claimName(claim)))
    const deleted: OrphanClaim[] = []
    await concurrently(fresh, concurrency, async claim => {
      if (signal?.aborted) return
      const { attachmentId: id, generation } = claim
      try {
        await store.delete(id, { generation })
        deleted.push(claim)
      } catch (error) {
        failed.add(claimName(claim))
        report.failures.push({ id, generation, error })
      }
    })
    // Even when aborted: these bytes are deleted, and a claim that is settled saves the next sweeper the work.
    if (deleted.length > 0) await manifest.settleClaims(deleted)
    report.reclaimedCount += deleted.length
    await progressed()
    return fresh.length > 0
  }

  return { report, batchSize, take, progressed }
}

/** The name of the copy that may be deleted. */
export function claimName({ attachmentId: id, generation }: OrphanClaim): string {
  return physicalName({ id, generation })
}
