import { traced } from '../calls/tracing.ts'
import { checkTime } from '../manifest/checks.ts'
import type { AttachmentManifest } from '../manifest/manifest.ts'
import type { AttachmentStore } from '../store/store.ts'
import { type AttachmentReclamationReport, type AttachmentSweepOptions, begunSweep } from './sweep.ts'

export interface AttachmentReclaimOptions extends AttachmentSweepOptions {
  /** Count what would be reclaimed, and change nothing. Default false. */
  dryRun?: boolean | undefined
  /**
   * Take over the claims that other sweepers made at or before this time, in milliseconds since 1970. Default:
   * `olderThanEpochMs`, but never a claim of this sweep. To take over from a sweeper that is still at work is harmless.
   */
  staleClaimEpochMs?: number | undefined
}

/**
 * Deletes the bytes of content that nobody has committed and that every holder last put or released at or before
 * `olderThanEpochMs` (milliseconds since 1970). Run it from a timer or a cron job, from as many machines as you like.
 *
 * Choose an age that is longer than the slowest turn takes from put to commit. The commit of a slower turn rejects with
 * `AttachmentIntentExpiredError`, and the turn must put again. Committed bytes are never lost, at any age, whatever
 * crashes or stalls.
 *
 * Goes on past failing deletes, and reports them. Rejects when the manifest fails.
 */
export function reclaimOrphanedAttachments(
  manifest: AttachmentManifest,
  store: AttachmentStore,
  olderThanEpochMs: number,
  options: AttachmentReclaimOptions = {},
): Promise<AttachmentReclamationReport> {
  return traced('sweep', options, { manifest, store, olderThanEpochMs, options }, async () => {
    checkTime('olderThanEpochMs', olderThanEpochMs)
    const { signal, dryRun, staleClaimEpochMs = Math.min(olderThanEpochMs, Date.now() - 1) } = options
    signal?.throwIfAborted()
    const { report, batchSize: limit, take } = begunSweep(manifest, store, options)
    if (dryRun) {
      let previous: string | undefined
      for await (const { attachmentId } of manifest.listUncommitted(olderThanEpochMs)) {
        signal?.throwIfAborted()
        // The refs of one content come one after the other.
        if (attachmentId !== previous) report.scannedIntentCount++
        previous = attachmentId
      }
      return report
    }
    for (;;) {
      const claims = await manifest.claimOrphans({ olderThanEpochMs, limit, staleClaimEpochMs })
      report.scannedIntentCount += claims.length
      const progressed = await take(claims)
      if (!progressed || claims.length < limit) return report
    }
  })
}
