import { reclaimOrphanedAttachments } from '@lash/attachments-core'
import type { Host } from './host/host.ts'
import type { FinalSweep } from './report.ts'

/** A sweep without grace. It is safe at any time; now that nobody works any more, it also makes no slow turn put again. */
export async function sweepWithoutGrace({ manifest, store }: Host): Promise<FinalSweep> {
  const started = performance.now()
  const { reclaimedCount, failures } = await reclaimOrphanedAttachments(manifest, store, Date.now())
  const left = new Set<string>()
  for await (const { attachmentId } of manifest.listUncommitted(Date.now())) left.add(attachmentId)
  return {
    reclaimed: reclaimedCount,
    failures: failures.map(({ id, error }) => `${id}: ${error}`),
    uncommitted: left.size,
    milliseconds: performance.now() - started,
  }
}
