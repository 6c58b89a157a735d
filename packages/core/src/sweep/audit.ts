import { traced } from '../calls/tracing.ts'
import { AttachmentAuditRefusedError } from '../errors.ts'
import { checkTime } from '../manifest/checks.ts'
import type { AttachmentManifest } from '../manifest/manifest.ts'
import { checkNumber } from '../numbers.ts'
import { type AttachmentKey, physicalName } from '../store/driver.ts'
import type { AttachmentListing, AttachmentStore } from '../store/store.ts'
import { type AttachmentAuditReport, type AttachmentSweepOptions, begunSweep, claimName } from './sweep.ts'

export interface AttachmentAuditOptions extends AttachmentSweepOptions {
  /** Count what would be deleted, and change nothing. Default false. */
  dryRun?: boolean | undefined
  /**
   * The most that may be deleted of the blobs that the audit looks at, from 0 to 1; default 0.5. When more would go,
   * and there are at least 10 blobs, nothing is deleted: the manifest is probably not that of the store.
   */
  maxDeleteRatio?: number | undefined
}

const defaultMaxDeleteRatio = 0.5
/** Fewer blobs than this may all go: a ratio of few says nothing. */
const guardedCount = 10

/**
 * The slow, thorough sweep. It goes through everything that the store lists, and deletes what the manifest has no use
 * for: bytes that were put without a manifest, and those of a writer that stalled until a sweep had reclaimed its
 * content. Run it now and then, beside `reclaimOrphanedAttachments`. The manifest must know **every** session of the
 * store: bytes that only another manifest refers to are strays for this one.
 *
 * The first pass only counts. A dry run ends there, and so does an audit that would delete suspiciously much. The
 * second takes what the first has found. Both leave out blobs that were modified after `olderThanEpochMs` (milliseconds
 * since 1970), as the backend says. Each blob is claimed before it is deleted, so a session that puts, adopts or
 * commits the same bytes meanwhile loses nothing. What the first pass finds is kept in memory: about 100 bytes for each
 * blob.
 * @throws AttachmentAuditRefusedError when more than `maxDeleteRatio` of at least 10 blobs would be deleted; then
 * nothing was.
 */
export function reclaimUnreferencedAttachments(
  manifest: AttachmentManifest,
  store: AttachmentStore,
  olderThanEpochMs: number,
  options: AttachmentAuditOptions = {},
): Promise<AttachmentAuditReport> {
  return traced('audit', options, { manifest, store, olderThanEpochMs, options }, async () => {
    checkTime('olderThanEpochMs', olderThanEpochMs)
    const { signal, dryRun, maxDeleteRatio = defaultMaxDeleteRatio } = options
    checkNumber('maxDeleteRatio', maxDeleteRatio, 0, 1)
    const sweep = begunSweep(manifest, store, options)
    const { batchSize } = sweep
    const report = Object.assign(sweep.report, { unreferencedCount: 0, unreferencedByteLength: 0 })

    const unreferenced: AttachmentKey[] = []
    let looked: AttachmentListing[] = []
    const count = async () => {
      const claims = new Set((await manifest.claimBlobs(looked, { dryRun: true })).map(claimName))
      for (const blob of looked) {
        report.scannedIntentCount++
        if (!claims.has(physicalName(blob))) continue
        report.unreferencedCount = unreferenced.push(blob)
        report.unreferencedByteLength += blob.byteLength
      }
      looked = []
      await sweep.progressed()
    }
    for await (const blob of store.list({ signal })) {
      if ((blob.lastModifiedMs ?? olderThanEpochMs) > olderThanEpochMs) continue
      if (looked.push(blob) === batchSize) await count()
    }
    await count()
    if (dryRun) return report
    const { scannedIntentCount: scannedCount, unreferencedCount, unreferencedByteLength } = report
    if (scannedCount >= guardedCount && unreferencedCount > scannedCount * maxDeleteRatio) {
      throw new AttachmentAuditRefusedError({ scannedCount, unreferencedCount, unreferencedByteLength })
    }
    while (unreferenced.length > 0) await sweep.take(await manifest.claimBlobs(unreferenced.splice(-batchSize)))
    return report
  })
}
