import { openHost } from './host/host.ts'
import { settingsFromEnvironment } from './host/settings.ts'
import { sweepFromTimer } from './host/sweep-timer.ts'
import type { SweeperMessage, SweeperTally } from './messages.ts'
import { sayLast, whenAskedToStop } from './process-end.ts'
import { withResource } from './with-resource.ts'

/* The sweeper process. There may be any number of them; one is enough. */

const [intervalMs, graceMs] = process.argv.slice(2).map(Number) as [number, number]
const tally: SweeperTally = { sweeps: 0, reclaimed: 0, failures: 0 }
const say = (message: SweeperMessage) => process.send?.(message)

const stopping = whenAskedToStop()
await withResource(openHost(settingsFromEnvironment(), 'sweeper'), async host => {
  const report = ({ reclaimed, failures }: { reclaimed: number; failures: readonly string[] }) => {
    tally.sweeps++
    tally.reclaimed += reclaimed
    tally.failures += failures.length
    for (const failure of failures) say({ type: 'problem', problem: `a sweep failed: ${failure}` })
    say({ type: 'tally', tally })
  }
  await sweepFromTimer(host, { intervalMs, graceMs }, report, stopping)
})
await sayLast({ type: 'tally', tally } satisfies SweeperMessage)
