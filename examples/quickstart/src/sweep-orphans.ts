import { reclaimOrphanedAttachments } from '@lash/attachments-core'
import type { Attachments } from './attachments.ts'
import { messageOf } from './failure.ts'
import type { Crash, SweepResult } from './report.ts'
import { holdsFileOf } from './stored-files.ts'

/**
 * Sweeps, and looks into the folder for what is left. The age is zero here, since the crashed process is known to be dead; a
 * host takes one that is longer than its slowest turn.
 */
export async function sweepOrphans({ store, manifest }: Attachments, crash: Crash): Promise<SweepResult> {
  const started = performance.now()
  const report = await reclaimOrphanedAttachments(manifest, store, Date.now())
  const milliseconds = performance.now() - started
  return {
    reclaimedCount: report.reclaimedCount,
    failures: report.failures.map(({ id, error }) => ({ id, error: messageOf(error) })),
    orphanIsGone: !(await holdsFileOf(store.root, crash.orphan.id)),
    sharedIsThere: await holdsFileOf(store.root, crash.shared.id),
    milliseconds,
  }
}
