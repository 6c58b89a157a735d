import { setTimeout as sleep } from 'node:timers/promises'
import { reclaimOrphanedAttachments } from '@lash/attachments-core'
import type { Host } from './host.ts'

export interface SweepTimes {
  /** Between the end of a sweep and the beginning of the next. */
  readonly intervalMs: number
  /** What was touched more recently is left alone. Longer than the slowest turn takes from put to commit; here on purpose it is not. */
  readonly graceMs: number
}

export interface SweepOutcome {
  readonly reclaimed: number
  /** Deletes that failed, which the next sweep tries again, or the sweep as a whole. For the log, and for an alert. */
  readonly failures: readonly string[]
}

/** Sweeps until it is told to stop. A sweep that fails is reported, and the next one goes on where it stopped. */
export async function sweepFromTimer(
  { manifest, store }: Host,
  { intervalMs, graceMs }: SweepTimes,
  report: (outcome: SweepOutcome) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const swept = await reclaimOrphanedAttachments(manifest, store, Date.now() - graceMs, { signal })
      const failures = swept.failures.map(({ id, error }) => `${id}: ${error}`)
      report({ reclaimed: swept.reclaimedCount, failures })
    } catch (error) {
      if (!signal.aborted) report({ reclaimed: 0, failures: [String(error)] })
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => {})
  }
}
