import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '@lash/attachments-conformance/explore'
import { checkAll, checkEmptying, checkPromises } from '../crash/check.ts'
import { type OpenPair, openPair } from '../crash/pair.ts'
import type { PairName } from '../crash/pair-names.ts'
import { makePlace, type Place } from '../crash/place.ts'
import { Promises } from '../crash/promises.ts'
import { count, emptyTally, type Tally } from '../crash/tally.ts'
import { WorkerProcess } from '../crash/worker-process.ts'

export interface SoakOptions {
  readonly minutes: number
  readonly seed: number
  /** Processes that work at the same time. Default 3. */
  readonly workers?: number
  /** Sessions of each process. Default 8. */
  readonly sessions?: number
}

/** How long a worker lives, in milliseconds. */
const life = { shortest: 500, longest: 6000 }

/**
 * Runs many sessions over few contents, in several processes that sweep all the time without grace. Every few
 * seconds it kills one process, reads back every commit that its sessions heard of, and starts another in its
 * place. In the end it kills all, reads everything back once more, and checks that sweeps leave nothing else.
 */
export async function soak(name: PairName, options: SoakOptions): Promise<Tally> {
  const place = await makePlace(name)
  const journals = await mkdtemp(join(tmpdir(), 'attachments-journals-'))
  const pair = await openPair(place.address)
  const run = new Soak(place, pair, journals, options)
  try {
    const slots = Array.from({ length: options.workers ?? 3 }, (_, slot) => run.fill(slot))
    await Promise.all(slots)
    await checkAll(pair, run.promises, run.tally)
    await checkEmptying(pair, run.promises, run.tally)
  } finally {
    await pair.close()
    await place.remove()
    await rm(journals, { recursive: true, force: true })
  }
  return run.tally
}

class Soak {
  readonly tally: Tally = emptyTally()
  readonly promises = new Promises()
  readonly #place: Place
  readonly #pair: OpenPair
  readonly #journals: string
  readonly #options: SoakOptions
  readonly #ends: number

  constructor(place: Place, pair: OpenPair, journals: string, options: SoakOptions) {
    this.#place = place
    this.#pair = pair
    this.#journals = journals
    this.#options = options
    this.#ends = Date.now() + options.minutes * 60_000
  }

  /** One worker after the other works in the slot, until time is up. */
  async fill(slot: number): Promise<void> {
    const random = new Random(this.#options.seed * 1000 + slot)
    const names = Array.from({ length: this.#options.sessions ?? 8 }, (_, index) => `session ${slot}.${index}`)
    for (let life = 0; Date.now() < this.#ends && this.tally.problems.length === 0; life++) {
      const worker = new WorkerProcess(this.#place.address, join(this.#journals, `${slot}.${life}`))
      await this.#live(worker, names, random)
    }
  }

  async #live(worker: WorkerProcess, names: readonly string[], random: Random): Promise<void> {
    await worker.start({
      seed: random.below(2 ** 31),
      sessions: names.map(name => ({ name, held: this.promises.idsOf(name) })),
      sweepPauseMs: random.pick([0, 20, 100]),
    })
    const lives = life.shortest + random.below(life.longest - life.shortest)
    const stop = new AbortController()
    const end = pause(Math.max(0, Math.min(lives, this.#ends - Date.now())), undefined, { signal: stop.signal })
    await Promise.race([worker.died(), end])
    stop.abort()
    await end.catch(() => {})
    const entries = await worker.kill()
    await this.#place.quiet([worker.name])
    this.tally.kills++
    count(this.tally, entries)
    this.tally.problems.push(...(await this.promises.take(entries, this.#pair.manifest)))
    const holds = names.flatMap(name => this.promises.holdsOf(name))
    await checkPromises(this.#pair, this.promises, this.tally, holds)
  }
}
