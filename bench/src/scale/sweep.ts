import { reclaimOrphanedAttachments } from '@lash/attachments-core'
import { fillOrphans } from './content.ts'
import { openPair, type PairName } from './pair.ts'

export interface SweepResult {
  orphans: number
  seconds: number
}

/** A sweep of so many orphans, bytes and all, in a database that holds nothing else. */
export async function measureSweep(name: PairName, folder: string, orphans: number): Promise<SweepResult> {
  const pair = await openPair(name, folder, 'sweep')
  try {
    await fillOrphans(pair, 'orphan', orphans)
    const started = performance.now()
    const report = await reclaimOrphanedAttachments(pair.manifest, pair.store, Date.now() + 1000)
    const seconds = (performance.now() - started) / 1000
    if (report.reclaimedCount === orphans) return { orphans, seconds }
    throw new Error(`${name}: the sweep took ${report.reclaimedCount} of ${orphans} orphans`)
  } finally {
    await pair.close()
  }
}
