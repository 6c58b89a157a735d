import { keepConversing } from './conversing.ts'
import { conversationsOf, finishDeletions } from './host/conversations.ts'
import { openHost } from './host/host.ts'
import { settingsFromEnvironment } from './host/settings.ts'
import { noWork, type WorkerMessage } from './messages.ts'
import { sayLast, whenAskedToStop } from './process-end.ts'
import { withResource } from './with-resource.ts'

/*
 * A worker process: serves a few conversations at a time, until it is asked to stop. Started again after a crash, it finishes
 * the deletions that were under way and goes on with the conversations that were open. It knows of them, and of their attachments, what the
 * database says.
 */

const [name, slowMs] = process.argv.slice(2) as [string, string]
const conversationsAtATime = 4

const stopping = whenAskedToStop()
const tally = { ...noWork }
const say = (message: WorkerMessage) => process.send?.(message)
await withResource(openHost(settingsFromEnvironment(), name), async host => {
  const finishedDeletions = await finishDeletions(host, name)
  const resumed = await conversationsOf(host.pool, name, 'open')
  say({ type: 'started', resumed: resumed.length, finishedDeletions })

  const timer = setInterval(() => say({ type: 'tally', tally }), 100)
  const waiting = resumed.values()
  const slots = Array.from({ length: conversationsAtATime }, () =>
    keepConversing({ host, worker: name, slowMs: Number(slowMs), tally, say, stopping }, waiting),
  )
  await Promise.all(slots)
  clearInterval(timer)
})
await sayLast({ type: 'tally', tally } satisfies WorkerMessage)
