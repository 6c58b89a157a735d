import { setTimeout as sleep } from 'node:timers/promises'
import { reclaimOrphanedAttachments } from '@lash/attachments-core'
import { say, sayLast, whenAskedToStop } from './crew.ts'
import { openHost, settingsFrom } from './host/host.ts'

/*
 * The sweeper process. There may be any number of them; one is enough. The one to take over is `examples/sweeper.ts`,
 * which has the times that a host wants. Here they are so short that sweeps get in the way of turns.
 */

const [intervalMs, graceMs] = process.argv.slice(2).map(Number) as [number, number]
const tally = { sweeps: 0, reclaimed: 0, failures: 0 }
const signal = whenAskedToStop()
const { manifest, store, close } = openHost(settingsFrom(process.env), 'sweeper')

while (!signal.aborted) {
  try {
    const swept = await reclaimOrphanedAttachments(manifest, store, Date.now() - graceMs, { signal })
    tally.reclaimed += swept.reclaimedCount
    for (const { id, error } of swept.failures) failed(`${id}: ${error}`)
  } catch (error) {
    if (!signal.aborted) failed(String(error))
  }
  tally.sweeps++
  say({ type: 'sweeps', tally })
  await sleep(intervalMs, undefined, { signal }).catch(() => {})
}
await close()
await sayLast({ type: 'sweeps', tally })

function failed(why: string): void {
  tally.failures++
  say({ type: 'problem', problem: `a sweep failed: ${why}` })
}
