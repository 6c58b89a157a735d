import { flushCompileCache } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '@lash/attachments-conformance/explore'
import {
  type AttachmentManifest,
  type AttachmentStore,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
} from '@lash/attachments-core'
import { dieAt, withFaultPoints } from './fault-points.ts'
import { journal } from './journal.ts'
import { type OpenPair, openPair, type PairAddress } from './pair.ts'
import { type Held, SessionLife } from './session-life.ts'

/** What a worker does until it is killed. */
export interface WorkerOrders {
  readonly seed: number
  /** Its sessions, and what the holders of each hold. */
  readonly sessions: readonly { readonly name: string; readonly held: Held }[]
  /** Where it kills itself: the n-th time that it passes the point or, without a point, any point. */
  readonly dies?: { readonly point?: string; readonly times: number }
  /** The longest pause between two sweeps, in milliseconds. */
  readonly sweepPauseMs: number
}

/** Without grace, everything uncommitted is old and every claim is stale. */
const noGrace = Number.MAX_SAFE_INTEGER

process.once('disconnect', () => process.exit())
const opened = await openPair(JSON.parse(process.argv[2] as string) as PairAddress)
// A killed worker saves nothing at its end, so it saves now what it has compiled.
flushCompileCache()
process.once('message', orders => void work(opened, orders as WorkerOrders))
process.send?.('ready')

async function work(pair: OpenPair, orders: WorkerOrders): Promise<void> {
  const random = new Random(orders.seed)
  const { dies } = orders
  const { store, manifest } = withFaultPoints(
    pair.store,
    pair.manifest,
    dies ? dieAt(dies.point, dies.times) : () => {},
  )
  const lives = orders.sessions.map(({ name, held }) => {
    const life = new SessionLife({ store, manifest }, name, held, new Random(random.below(2 ** 31)))
    let turns = 0
    return forEver(`turn of ${name}`, async () => {
      await life.turn()
      if (++turns === 1) process.send?.('working')
    })
  })
  const sweeps = forEver('sweep', () => sweep(store, manifest, random, orders.sweepPauseMs))
  await Promise.all([...lives, sweeps])
}

async function sweep(
  store: AttachmentStore,
  manifest: AttachmentManifest,
  random: Random,
  pauseMs: number,
): Promise<void> {
  await pause(random.below(pauseMs + 1))
  if (random.chance(0.1)) {
    const { reclaimedCount } = await reclaimUnreferencedAttachments(manifest, store, noGrace, { maxDeleteRatio: 1 })
    return journal(['audited', reclaimedCount])
  }
  const options = { staleClaimEpochMs: noGrace }
  const { reclaimedCount, failures } = await reclaimOrphanedAttachments(manifest, store, noGrace, options)
  journal(['swept', reclaimedCount])
  for (const { error } of failures) journal(['failed', 'delete of a sweep', String(error)])
}

/** An unexpected failure ends the loop. The parent judges it. */
async function forEver(what: string, act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await act()
    } catch (error) {
      return journal(['failed', what, error instanceof Error ? (error.stack ?? error.message) : String(error)])
    }
  }
}
