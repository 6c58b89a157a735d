import { setTimeout as pause } from 'node:timers/promises'
import { reclaimOrphanedAttachments, reclaimUnreferencedAttachments } from '@lash/attachments-core'
import { digest } from './contents.ts'
import { holdParts, viewOf } from './hold-names.ts'
import type { OpenPair } from './pair.ts'
import type { Promises } from './promises.ts'
import { lossOf } from './session-life.ts'
import type { Tally } from './tally.ts'

const noGrace = Number.MAX_SAFE_INTEGER

/** Checks everything that must hold when nobody works. Promised contents must be there before and after sweeps. */
export async function checkAll(pair: OpenPair, promises: Promises, tally: Tally): Promise<void> {
  await checkListing(pair, tally)
  await checkPromises(pair, promises, tally)
  await checkSweeps(pair, promises, tally)
  await checkPromises(pair, promises, tally)
}

/** Reads back what holders were promised, by default all of them. */
export async function checkPromises(
  pair: OpenPair,
  promises: Promises,
  tally: Tally,
  names: readonly string[] = promises.holds(),
): Promise<void> {
  for (const name of names) {
    const view = viewOf(pair, name)
    for (const [id, generation] of promises.heldBy(name)) {
      tally.reads++
      const problem = await lossOf(view, id)
      if (problem === undefined) continue
      tally.losses++
      tally.problems.push(`${name} was told that ${id.slice(0, 8)}@${generation} is committed: ${problem}`)
    }
  }
}

/** Checks that every listed blob is whole. Nobody may write meanwhile. */
async function checkListing(pair: OpenPair, tally: Tally): Promise<void> {
  for await (const { id, generation } of pair.store.list()) {
    const problem = await pair.store.get(id, { generation }).then(
      ({ bytes }) => (digest(bytes) === id ? undefined : 'other bytes'),
      (error: unknown) => String(error),
    )
    if (problem !== undefined)
      tally.problems.push(`${id.slice(0, 8)}@${generation} is listed, and reading it: ${problem}`)
  }
}

/** How often to wait, and how long, for the last writes of killed processes. An S3 server may finish them late. */
const lateWrites = { waits: 3, pauseMs: 500 }

/** Checks that sweeps and audits leave exactly what is promised. Nobody else may work meanwhile. */
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
    const { reclaimedCount } = await reclaimUnreferencedAttachments(manifest, store, noGrace, { maxDeleteRatio: 1 })
    tally.reclaimed += reclaimedCount
    if (reclaimedCount === 0) break
  }
  const promised = new Set(
    promises.holds().flatMap(name => [...promises.heldBy(name)].map(([id, generation]) => `${id} ${generation}`)),
  )
  const left: string[] = []
  for await (const { id, generation } of store.list()) {
    if (!promised.has(`${id} ${generation}`)) left.push(`${id.slice(0, 8)}@${generation}`)
  }
  return left
}

/** Checks that sweeps leave nothing when every session has released everything. */
export async function checkEmptying(pair: OpenPair, promises: Promises, tally: Tally): Promise<void> {
  for (const name of promises.holds()) {
    await pair.manifest.releaseRefs(holdParts(name).sessionId)
    promises.forget(name)
  }
  await checkSweeps(pair, promises, tally)
}
