import { AttachmentAuditRefusedError, AttachmentInvalidArgumentError } from '../errors.ts'
import { checkTime } from '../manifest/checks.ts'
import type { AttachmentManifest } from '../manifest/manifest.ts'
import { type AttachmentKey, physicalName } from '../store/driver.ts'
import type { AttachmentListing, AttachmentStore } from '../store/store.ts'
import { type AttachmentReclamationReport, type AttachmentSweepOptions, Sweep } from './sweep.ts'

export interface AttachmentAuditOptions extends AttachmentSweepOptions {
  /** Count what would be deleted, and change nothing. Default false. */
  dryRun?: boolean | undefined
  /**
   * The most that may be deleted of the blobs that the audit looks at, from 0 to 1; default 0.5. When more would go, and
   * there are at least 10 blobs, nothing is deleted: the manifest is probably not that of the store.
   */
  maxDeleteRatio?: number | undefined
}

export interface AttachmentAuditReport extends AttachmentReclamationReport {
  /** How many of the blobs that were looked at nothing refers to. */
  unreferencedCount: number
  /** The length of these together, in bytes. */
  unreferencedByteLength: number
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
 * The first pass only counts. A dry run ends there, and so does an audit that would delete suspiciously much. The second
 * takes what the first has found. Both leave out blobs that were modified after `olderThanEpochMs` (milliseconds since
 * 1970), as the backend says. Each blob is claimed before it is deleted, so a session that puts, adopts or commits the
 * same bytes meanwhile loses nothing. What the first pass finds is kept in memory: about 100 bytes for each blob.
 * @throws AttachmentAuditRefusedError when more than `maxDeleteRatio` of at least 10 blobs would be deleted; then nothing
 * was.
 */
export async function reclaimUnreferencedAttachments(
  manifest: AttachmentManifest,
  store: AttachmentStore,
  olderThanEpochMs: number,
  options: AttachmentAuditOptions = {},
): Promise<AttachmentAuditReport> {
  checkTime('olderThanEpochMs', olderThanEpochMs)
  const { signal, maxDeleteRatio = defaultMaxDeleteRatio } = options
  if (!(maxDeleteRatio >= 0 && maxDeleteRatio <= 1)) {
    throw new AttachmentInvalidArgumentError('maxDeleteRatio must be a number from 0 to 1')
  }
  const sweep = new Sweep(manifest, store, options)
  const report: AttachmentAuditReport = Object.assign(sweep.report, { unreferencedCount: 0, unreferencedByteLength: 0 })

  const unreferenced: AttachmentKey[] = []
  for await (const batch of batches(agedBlobs(store, olderThanEpochMs, signal), sweep.batchSize)) {
    const lengths = new Map(batch.map(blob => [physicalName(blob), blob.byteLength]))
    for (const { attachmentId: id, generation } of await manifest.claimBlobs(batch.map(keyOf), { dryRun: true })) {
      unreferenced.push({ id, generation })
      report.unreferencedByteLength += lengths.get(physicalName({ id, generation })) ?? 0
    }
    report.unreferencedCount = unreferenced.length
    report.scannedIntentCount += batch.length
    await sweep.progressed()
  }
  if (options.dryRun) return report
  const { scannedIntentCount: scannedCount } = report
  if (scannedCount >= guardedCount && unreferenced.length > scannedCount * maxDeleteRatio) {
    throw new AttachmentAuditRefusedError(scannedCount, unreferenced.length, report.unreferencedByteLength)
  }
  for await (const batch of batches(unreferenced, sweep.batchSize)) await sweep.take(await manifest.claimBlobs(batch))
  return report
}

async function* agedBlobs(
  store: AttachmentStore,
  olderThanEpochMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<AttachmentListing, void, void> {
  for await (const blob of store.list({ signal })) {
    if (blob.lastModifiedMs === undefined || blob.lastModifiedMs <= olderThanEpochMs) yield blob
  }
}

async function* batches<T>(items: Iterable<T> | AsyncIterable<T>, size: number): AsyncGenerator<T[], void, void> {
  let batch: T[] = []
  for await (const item of items) {
    if (batch.push(item) < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function keyOf({ id, generation }: AttachmentListing): AttachmentKey {
  return { id, generation }
}
