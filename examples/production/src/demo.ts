import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AttachmentRef, reclaimOrphanedAttachments, reclaimUnreferencedAttachments } from '@lash/attachments-core'
import { type Child, Crew } from './crew.ts'
import { ownNote } from './documents.ts'
import type { Ground } from './ground.ts'
import { conversationsOf, savedTurns } from './host/conversations.ts'
import type { Host } from './host/host.ts'
import {
  type Audit,
  type Crash,
  type FinalSweep,
  findProblems,
  type ProductionReport,
  type UrlFetch,
  type WorkResult,
} from './report.ts'
import type { TextView } from './text-view.ts'
import { verify } from './verify.ts'

/**
 * Lets the processes work for so long, and checks what they leave. The steps are those of the README, in its order.
 * @throws the signal's reason, when it aborts.
 */
export async function runDemo(
  ground: Ground,
  seconds: number,
  signal: AbortSignal,
  view?: TextView,
): Promise<ProductionReport> {
  const { host, places } = ground
  const started = performance.now()
  view?.started(places, seconds)

  const work = await workFor(seconds, ground, signal, view)
  view?.worked(work)

  const finalSweep = await sweepWithoutGrace(host)
  view?.swept(finalSweep)

  const audited = await audit(host)
  view?.audited(audited)
  signal.throwIfAborted()

  const verification = await verify(host)
  view?.verified(verification)
  signal.throwIfAborted()

  const url = await fetchByUrl(host)
  view?.fetched(url)

  const cleanUp = await ground.clean()
  view?.cleanedUp(cleanUp)

  const steps = { places, work, finalSweep, audit: audited, verification, url, cleanUp }
  const problems = findProblems(steps)
  const report = { ok: problems.length === 0, problems, ...steps, milliseconds: performance.now() - started }
  view?.finished(report)
  return report
}

/** Two workers and a sweeper for so long. In the middle, the first worker is killed and started again. */
async function workFor(
  seconds: number,
  { env, host }: Ground,
  signal: AbortSignal,
  view?: TextView,
): Promise<WorkResult> {
  signal.throwIfAborted()
  const crew = new Crew(env, signal)
  let progress: NodeJS.Timeout | undefined
  try {
    const first = crew.startWorker('worker-1')
    const second = crew.startWorker('worker-2')
    await crew.orFail(Promise.all([first.next('started'), second.next('started')]))
    const started = performance.now()
    const elapsed = () => performance.now() - started
    const until = (second: number) => crew.orFail(sleep(Math.max(0, second * 1000 - elapsed())))
    progress = setInterval(() => view?.progressed(elapsed() / 1000 / seconds, crew.work, crew.swept), 100)

    await until(seconds / 2)
    const crash = await crew.orFail(crashAndRestart(crew, first, host, elapsed))
    view?.crashed(crash)
    await until(seconds)
    await crew.stop()
    const { work: workers, swept: sweeper, problems } = crew
    return { workers, sweeper, crash, problems, milliseconds: elapsed() }
  } finally {
    clearInterval(progress)
    await crew.end()
  }
}

/** Kills a worker while a turn of it has put and not committed, sees what that leaves, and starts the worker again. */
async function crashAndRestart(crew: Crew, worker: Child, host: Host, elapsed: () => number): Promise<Crash> {
  await worker.next('answering')
  const signal = await crew.kill(worker)
  const afterMilliseconds = elapsed()
  const uncommittedRefs = await countUncommitted(host, worker.name)
  const { resumed, finishedDeletions } = await crew.startWorker(worker.name).next('started')
  return {
    worker: worker.name,
    processId: worker.process.pid as number,
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

/** A sweep without grace. It is safe at any time; now that nobody works any more, it also makes no turn put again. */
async function sweepWithoutGrace({ manifest, store }: Host): Promise<FinalSweep> {
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

/** The server may have another clock than this machine. Here nobody works any more, so nothing is too young. */
const clockSkewMs = 60 * 60 * 1000

/** Puts something past the manifest, as a careless script does, and audits: compares the bucket with the manifest. */
async function audit({ manifest, store }: Host): Promise<Audit> {
  const { bytes, meta } = ownNote()
  const { id: stray } = await store.put(bytes, meta)
  const started = performance.now()
  const report = await reclaimUnreferencedAttachments(manifest, store, Date.now() + clockSkewMs)
  const milliseconds = performance.now() - started
  return {
    stray,
    listed: report.scannedIntentCount,
    reclaimed: report.reclaimedCount,
    failures: report.failures.map(({ id, error }) => `${id}: ${error}`),
    strayIsGone: (await store.stat(stray)) === undefined,
    milliseconds,
  }
}

/**
 * Makes a URL for the largest attachment of any turn, and fetches it as a browser does: without credentials, and
 * without this library. Before a host gives out a URL, it makes sure that whoever asks may read the conversation.
 * Undefined when nothing was saved.
 */
async function fetchByUrl({ pool, store }: Host): Promise<UrlFetch | undefined> {
  let largest: AttachmentRef | undefined
  for await (const { attachments } of savedTurns(pool)) {
    for (const ref of attachments) if (ref.byteLength > (largest?.byteLength ?? -1)) largest = ref
  }
  if (largest === undefined) return undefined
  const { id, generation = 0, mediaType: expectedMediaType, byteLength } = largest
  const started = performance.now()
  const answer = await fetch(await store.getUrl(id, { generation, expiresInSeconds: 60 }))
  const bytes = new Uint8Array(await answer.arrayBuffer())
  return {
    id,
    status: answer.status,
    expectedMediaType,
    mediaType: answer.headers.get('content-type'),
    byteLength,
    matches: createHash('sha256').update(bytes).digest('hex') === id,
    milliseconds: performance.now() - started,
  }
}
