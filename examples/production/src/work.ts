import { setTimeout as sleep } from 'node:timers/promises'
import { crashAndRestart } from './crash.ts'
import { Crew } from './crew.ts'
import type { Host } from './host/host.ts'
import type { HostSettings } from './host/settings.ts'
import { sumOfWork } from './messages.ts'
import type { WorkResult } from './report.ts'
import type { ProductionView } from './view.ts'
import { withResource } from './with-resource.ts'

/** Two workers and a sweeper for so long. In the middle, the first worker is killed and started again. */
export async function work(
  host: Host,
  settings: HostSettings,
  seconds: number,
  view: ProductionView,
  signal: AbortSignal,
): Promise<WorkResult> {
  return withResource(new Crew(settings, signal), crew => workAs(crew, host, seconds, view))
}

async function workAs(crew: Crew, host: Host, seconds: number, view: ProductionView): Promise<WorkResult> {
  const first = crew.startWorker('worker-1')
  const second = crew.startWorker('worker-2')
  await crew.orFail(Promise.all([first.next('started'), second.next('started')]))
  const started = performance.now()
  const progress = showProgress(crew, seconds, view)
  const until = (second: number) => crew.orFail(sleep(Math.max(0, started + second * 1000 - performance.now())))

  try {
    await until(seconds / 2)
    const crash = await crew.orFail(crashAndRestart(crew, first, host, started))
    view.crashed(crash)
    await until(seconds)
    await crew.stop()
    return {
      workers: crew.work,
      sweeper: crew.swept,
      crash,
      problems: crew.problems,
      milliseconds: performance.now() - started,
    }
  } finally {
    clearInterval(progress)
  }
}

function showProgress(crew: Crew, seconds: number, view: ProductionView): NodeJS.Timeout {
  const started = performance.now()
  return setInterval(() => {
    const elapsed = (performance.now() - started) / 1000
    const done = sumOfWork(crew.work.map(({ tally }) => tally))
    view.progressed(elapsed, seconds, done, crew.swept)
  }, 100)
}
