import type { MaintenanceProgress } from '@lash/attachments-core/maintenance'
import type { ProgressReport } from '../output/progress-bar.ts'

/** Before this share an estimate would jump about. */
const smallShare = 0.001
const everyMs = 100

/**
 * Shows how far a run over a store is, a few times a second, with the whole length by the share that is done. Where the
 * run went on after another one, only of what it has before it.
 */
export function estimated(show: (now: ProgressReport) => void): (progress: MaintenanceProgress) => void {
  let begun: number | undefined
  let shownMs = Number.NEGATIVE_INFINITY
  return ({ count, byteLength, share = 0 }) => {
    begun ??= share
    const nowMs = performance.now()
    if (nowMs - shownMs < everyMs) return
    shownMs = nowMs
    const done = (share - begun) / (1 - begun)
    show({ count, byteLength, ...(done > smallShare && { totalByteLength: Math.round(byteLength / done) }) })
  }
}
