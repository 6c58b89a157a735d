import { checkWhole } from '../content/meta.ts'
import { checkTime } from '../manifest/checks.ts'
import type { AttachmentManifest } from '../manifest/manifest.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentStore } from '../store/store.ts'
import { type AttachmentReclamationReport, type AttachmentSweepOptions, defaultBatchSize, Sweep } from './sweep.ts'

/**
 * The slow, thorough sweep. It goes through everything that the store lists, and deletes what the manifest has no use
 * for: bytes that were put without a manifest, and those of a writer that stalled until a sweep had reclaimed its
 * content. Run it now and then, beside `reclaimOrphanedAttachments`. The manifest must know **every** session of the
 * store: bytes that only another manifest refers to are strays for this one.
 *
 * Blobs that were modified after `olderThanEpochMs` (milliseconds since 1970), as the backend says, are passed over.
 * The others are claimed before they are deleted, so a session that puts or commits the same bytes meanwhile loses
 * nothing.
 */
export async function reclaimUnreferencedAttachments(
  manifest: AttachmentManifest,
  store: AttachmentStore,
  olderThanEpochMs: number,
  options: AttachmentSweepOptions = {},
): Promise<AttachmentReclamationReport> {
  checkTime('olderThanEpochMs', olderThanEpochMs)
  const { signal } = options
  const batchSize = checkWhole('batchSize', options.batchSize ?? defaultBatchSize)
  const sweep = new Sweep(manifest, store, options)
  let batch: AttachmentKey[] = []
  const takeBatch = async () => {
    const claims = batch.length === 0 ? [] : await manifest.claimBlobs(batch)
    batch = []
    await sweep.take(claims)
  }
  for await (const { id, generation, lastModifiedMs } of store.list({ signal })) {
    if (lastModifiedMs !== undefined && lastModifiedMs > olderThanEpochMs) continue
    sweep.report.scannedIntentCount++
    batch.push({ id, generation })
    if (batch.length >= batchSize) await takeBatch()
  }
  await takeBatch()
  return sweep.report
}
