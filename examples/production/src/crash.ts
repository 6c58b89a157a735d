import type { Child } from './child.ts'
import type { Crew } from './crew.ts'
import { conversationsOf } from './host/conversations.ts'
import type { Host } from './host/host.ts'
import type { WorkerMessage } from './messages.ts'
import type { Crash } from './report.ts'

/** Kills a worker while a turn of it has put and not committed, sees what that leaves, and starts the worker again. */
export async function crashAndRestart(
  crew: Crew,
  worker: Child<WorkerMessage>,
  host: Host,
  started: number,
): Promise<Crash> {
  await worker.next('answering')
  const signal = await crew.kill(worker)
  const afterMilliseconds = performance.now() - started
  const uncommittedRefs = await countUncommitted(host, worker.name)
  const { resumed, finishedDeletions } = await crew.startWorker(worker.name).next('started')
  return {
    worker: worker.name,
    processId: worker.processId,
    signal,
    afterMilliseconds,
    uncommittedRefs,
    resumedConversations: resumed,
    finishedDeletions,
  }
}

/** Refs that the worker's open conversations have put and not committed. */
async function countUncommitted({ pool, manifest }: Host, worker: string): Promise<number> {
  let count = 0
  for (const id of await conversationsOf(pool, worker, 'open')) {
    for await (const ref of manifest.listRefs(id)) {
      if (ref.committedAtEpochMs === undefined && ref.releasedAtEpochMs === undefined) count++
    }
  }
  return count
}
