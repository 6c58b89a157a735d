import { setTimeout as pause } from 'node:timers/promises'
import {
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { digest } from './contents.ts'
import type { OpenPair } from './pair.ts'
import type { Promises } from './promises.ts'
import { lossOf } from './session-life.ts'
import type { Tally } from './tally.ts'

const noGrace = Number.MAX_SAFE_INTEGER

/** Reads back what sessions were promised; by default, all of them. */
export async function checkPromises(
  pair: OpenPair,
  promises: Promises,
  tally: Tally,
  names: readonly string[] = promises.sessions(),
): Promise<void> {
  for (const name of names) {
    const session = new SessionScopedAttachmentStore(pair.store, pair.manifest, name)
    for (const [id, generation] of promises.heldBy(name)) {
      tally.reads++
      const problem = await lossOf(session, id)
      if (problem === undefined) continue
      tally.losses++
      tally.problems.push(`${name} was told that ${id.slice(0, 8)}@${generation} is committed: ${problem}`)
    }
  }
}

/** Nothing half-written may be seen: whatever is listed is whole. Nobody may be writing meanwhile. */
export async function checkListing(pair: OpenPair, tally: Tally): Promise<void> {
  for await (const { id, generation } of pair.store.list()) {
    const problem = await pair.store.get(id, { generation }).then(
      ({ bytes }) => (digest(bytes) === id ? undefined : 'other bytes'),
      (error: unknown) => String(error),
    )
    if (problem !== undefined)
      tally.problems.push(`${id.slice(0, 8)}@${generation} is listed, and reading it: ${problem}`)
  }
}

/** How often, and how long in milliseconds, to wait for the last writes of killed processes, which an S3 server may finish after their death. */
const lateWrites = { waits: 3, pauseMs: 500 }

/** A sweep and audits leave exactly what is promised. Nobody else may be at work. */
export async function checkSweeps(pair: OpenPair, promises: Promises, tally: Tally): Promise<void> {
  let left = await leftAfterSweeps(pair, promises, tally)
  for (let waits = 0; left.length > 0 && waits < lateWrites.waits; waits++) {
    await pause(lateWrites.pauseMs)
    left = await leftAfterSweeps(pair, promises, tally)
  }
  for (const name of left) tally.problems.push(`${name} is left after sweeps, and nobody was told it is committed`)
}

async function leftAfterSweeps(pair: OpenPair, promises: Promises, tally: Tally): Promise<string[]> {
  const { store, manifest } = pair
  const swept = await reclaimOrphanedAttachments(manifest, store, noGrace, { staleClaimEpochMs: noGrace })
  tally.reclaimed += swept.reclaimedCount
  for (let round = 0; round < 10; round++) {
    const { reclaimedCount } = await reclaimUnreferencedAttachments(manifest, store, noGrace)
    tally.reclaimed += reclaimedCount
    if (reclaimedCount === 0) break
  }
  const promised = new Set(
    promises.sessions().flatMap(name => [...promises.heldBy(name)].map(([id, generation]) => `${id} ${generation}`)),
  )
  const left: string[] = []
  for await (const { id, generation } of store.list()) {
    if (!promised.has(`${id} ${generation}`)) left.push(`${id.slice(0, 8)}@${generation}`)
  }
  return left
}

/** Every session lets go of everything: nothing may be left. */
export async function checkEmptying(pair: OpenPair, promises: Promises, tally: Tally): Promise<void> {
  for (const name of promises.sessions()) {
    await pair.manifest.releaseRefs(name)
    promises.forget(name)
  }
  await checkSweeps(pair, promises, tally)
}
