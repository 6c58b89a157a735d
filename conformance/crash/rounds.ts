import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '@lash/attachments-conformance/explore'
import { checkAll, checkEmptying } from './check.ts'
import { faultPoints } from './fault-points.ts'
import { openPair } from './pair.ts'
import type { PairName } from './pair-names.ts'
import { makePlace } from './place.ts'
import { Promises } from './promises.ts'
import { count, emptyTally, type Tally } from './tally.ts'
import type { WorkerOrders } from './worker.ts'
import { WorkerProcess } from './worker-process.ts'

export interface CrashOptions {
  /** How many workers are killed. */
  readonly rounds: number
  readonly seed: number
  /** How many workers work, and are killed, at the same time. Default 3. */
  readonly workers?: number
  /** Called after every few rounds. */
  readonly onProgress?: (tally: Readonly<Tally>) => void
}

/** The longest life of a worker after its first turn, in milliseconds, unless it is told where to die. */
const longestLife = 150
/** How long a worker may take to reach the point where it dies, in milliseconds. After that it is killed anywhere. */
const longestWait = 2000

/**
 * Lets workers put, commit, release and sweep, and kills them at a random moment or at a chosen fault point. Then opens
 * the pair again and checks that every commit they heard of is there, that nothing is half-written, and that sweeps
 * leave nothing else. The next workers go on with what is left.
 */
export async function crash(name: PairName, options: CrashOptions): Promise<Tally> {
  const place = await makePlace(name)
  const journals = await mkdtemp(join(tmpdir(), 'attachments-journals-'))
  const { workers = 3, seed } = options
  const random = new Random(seed)
  const tally = emptyTally()
  const promises = new Promises()
  let made = 0
  const make = () =>
    Array.from({ length: workers }, () => new WorkerProcess(place.address, join(journals, String(made++))))
  let waiting = make()
  try {
    while (tally.kills < options.rounds && tally.problems.length === 0) {
      const working = waiting
      // The next start while these work: that takes longer than most lives.
      waiting = tally.kills + workers < options.rounds ? make() : []
      const lives = working.map(async (worker, slot) => {
        const orders = ordersFor(slot, promises, random)
        await worker.start(orders)
        const lasts = random.below(longestLife)
        if (orders.dies === undefined) await worker.works().then(() => Promise.race([worker.died(), pause(lasts)]))
        else await Promise.race([worker.died(), pause(longestWait)])
        return worker.kill()
      })
      const ended = await Promise.all(lives)
      await place.quiet(working.map(worker => worker.name))
      const pair = await openPair(place.address)
      for (const entries of ended) {
        tally.kills++
        count(tally, entries)
        tally.problems.push(...(await promises.take(entries, pair.manifest)))
      }
      await checkAll(pair, promises, tally)
      if (random.chance(0.1)) await checkEmptying(pair, promises, tally)
      await pair.close()
      options.onProgress?.(tally)
    }
  } finally {
    await Promise.all(waiting.map(worker => worker.kill()))
    await place.remove()
    await rm(journals, { recursive: true, force: true })
  }
  return tally
}

function ordersFor(slot: number, promises: Promises, random: Random): WorkerOrders {
  const names = [0, 1, 2].map(index => `session ${slot}.${index}`)
  const orders = {
    seed: random.below(2 ** 31),
    sessions: names.map(name => ({ name, held: promises.idsOf(name) })),
    sweepPauseMs: random.pick([5, 20, 100]),
  }
  const kind = random.next()
  if (kind < 0.4) return orders
  if (kind < 0.8) return { ...orders, dies: { times: 1 + random.below(150) } }
  return { ...orders, dies: { point: random.pick(faultPoints), times: 1 + random.below(3) } }
}
