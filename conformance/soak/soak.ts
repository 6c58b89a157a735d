import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '@lash/attachments-conformance/explore'
import { checkEmptying, checkListing, checkPromises, checkSweeps } from '../crash/check.ts'
import { type OpenPair, openPair } from '../crash/pair.ts'
import { makePlace, type PairName, type Place } from '../crash/place.ts'
import { Promises } from '../crash/promises.ts'
import { count, emptyTally, type Tally } from '../crash/tally.ts'
import { WorkerProcess } from '../crash/worker-process.ts'

export interface SoakOptions {
  readonly minutes: number
  readonly seed: number
  /** Processes at work at the same time. Default 3. */
  readonly workers?: number
  /** Sessions of each. Default 8. */
  readonly sessions?: number
}

/** How long a worker lives, in milliseconds, at least and at most. */
const life = [500, 6000] as const

/**
 * Many sessions over few contents, in several processes that sweep all the time without grace. Every few seconds one of them is killed, what its
 * sessions were told is committed is read back while the others go on, and another takes its place. In the end all of them are killed, everything is
 * read back once more, and sweeps must leave nothing else.
 */
export async function soak(name: PairName, options: SoakOptions): Promise<Tally> {
  const { seed, workers = 3 } = options
  const place = await makePlace(name)
  const journals = await mkdtemp(join(tmpdir(), 'attachments-journals-'))
  const tally = emptyTally()
  const promises = new Promises()
  const pair = await openPair(place.address)
  const ends = Date.now() + options.minutes * 60_000
  try {
    const slots = Array.from({ length: workers }, async (_, slot) => {
      const random = new Random(seed * 1000 + slot)
      for (let run = 0; Date.now() < ends && tally.problems.length === 0; run++) {
        const worker = new WorkerProcess(place.address, join(journals, `${slot}.${run}`))
        await oneLife(worker, slot, place, pair, promises, random, ends, options.sessions ?? 8, tally)
      }
    })
    await Promise.all(slots)
    await checkListing(pair, tally)
    await checkPromises(pair, promises, tally)
    await checkSweeps(pair, promises, tally)
    await checkPromises(pair, promises, tally)
    await checkEmptying(pair, promises, tally)
  } finally {
    await pair.close()
    await place.remove()
    await rm(journals, { recursive: true, force: true })
  }
  return tally
}

async function oneLife(
  worker: WorkerProcess,
  slot: number,
  place: Place,
  pair: OpenPair,
  promises: Promises,
  random: Random,
  ends: number,
  sessions: number,
  tally: Tally,
): Promise<void> {
  const names = Array.from({ length: sessions }, (_, index) => `session ${slot}.${index}`)
  await worker.start({
    seed: random.below(2 ** 31),
    sessions: names.map(name => ({ name, held: [...promises.heldBy(name).keys()] })),
    sweepPauseMs: random.pick([0, 20, 100]),
  })
  const lives = life[0] + random.below(life[1] - life[0])
  const stop = new AbortController()
  await Promise.race([
    worker.died(),
    pause(Math.max(0, Math.min(lives, ends - Date.now())), undefined, { signal: stop.signal }),
  ])
  stop.abort()
  const entries = await worker.kill()
  await place.quiet([worker.name])
  tally.kills++
  count(tally, entries)
  tally.problems.push(...(await promises.take(entries, pair.manifest)))
  await checkPromises(pair, promises, tally, names)
}
