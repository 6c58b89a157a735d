import { hash } from 'node:crypto'
import { type AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { median } from '../measure/statistics.ts'
import { bodyOf, fill, fillOrphans, sessionOf } from './content.ts'
import { openPair, type Pair, type PairName } from './pair.ts'

/** What an operation costs at each number of rows, in microseconds: the median over the rounds. */
export interface Cost {
  operation: string
  microseconds: number[]
}

const concurrency = 32
/** Writes, and reads, that are timed together in one round. */
const writesPerRound = 1600
const readsPerRound = 2000
const claimedOrphans = 1000
const meta = { mediaType: 'application/octet-stream' }

/** All sizes are open at once and take turns, so that a machine that slows down slows all of them. */
export async function measureCosts(
  name: PairName,
  folder: string,
  rows: readonly number[],
  rounds: number,
): Promise<Cost[]> {
  const warm = new Site(await openPair(name, folder, 'warm'), 100)
  const sites: Site[] = []
  for (const count of rows) sites.push(new Site(await openPair(name, folder, `rows_${count}`), count))
  for (const { pair, rows: count } of [warm, ...sites]) {
    await fill(pair, count)
    await pair.settle?.()
  }
  const times = new Map<string, number[][]>()
  await warm.round(() => {})
  for (let round = 0; round < rounds; round++) {
    for (const [index, site] of sites.entries()) {
      await site.round((operation, microseconds) => {
        const all = times.get(operation) ?? sites.map(() => [])
        times.set(operation, all)
        all[index]?.push(microseconds)
      })
    }
  }
  for (const site of [warm, ...sites]) await site.pair.close()
  return [...times].map(([operation, all]) => ({ operation, microseconds: all.map(median) }))
}

type Report = (operation: string, microseconds: number) => void

/** A pair with so many rows in it. */
class Site {
  readonly pair: Pair
  readonly rows: number
  #rounds = 0

  constructor(pair: Pair, rows: number) {
    this.pair = pair
    this.rows = rows
  }

  /** Times every operation once, and leaves about as many rows as it has found. */
  async round(report: Report): Promise<void> {
    const { store, manifest } = this.pair
    const name = `round ${this.#rounds++}`
    const session = new SessionScopedAttachmentStore(store, manifest, name)
    const refs: AttachmentRef[] = []
    await timed('put', writesPerRound, report, async number => {
      refs.push(await session.put(bodyOf(name, number), meta))
    })
    await timed('commit', refs.length, report, number => manifest.commitRefs(name, [refs[number] as AttachmentRef]))
    const ids = Array.from({ length: readsPerRound }, (_, number) => this.#row(number))
    await timed('get', ids.length, report, async number => {
      await store.get((ids[number] as Row).id)
    })
    await timed('lookup', ids.length, report, async number => {
      const { id, session: holder } = ids[number] as Row
      if ((await manifest.lookup(holder, id)) === undefined) throw new Error('a ref is missing')
    })
    await this.#claims(name, report)
    await session.close()
  }

  async #claims(name: string, report: Report): Promise<void> {
    const { store, manifest } = this.pair
    const query = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: claimedOrphans }
    await once('empty claim', report, () => manifest.claimOrphans(query), 0)
    await fillOrphans(this.pair, `orphan of ${name}`, claimedOrphans)
    const claims = await once('claim of 1,000 orphans', report, () => manifest.claimOrphans(query), claimedOrphans)
    await Promise.all(claims.map(({ attachmentId: id, generation }) => store.delete(id, { generation })))
    await manifest.settleClaims(claims)
  }

  /** One of the rows, scattered but the same in every run. */
  #row(number: number): Row {
    const index = (number * 7919 + this.#rounds * 104_729) % this.rows
    return { id: hash('sha256', bodyOf('row', index)), session: sessionOf(index) }
  }
}

interface Row {
  id: string
  session: string
}

async function timed(
  operation: string,
  count: number,
  report: Report,
  call: (number: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const started = performance.now()
  const lane = async () => {
    while (next < count) await call(next++)
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  report(operation, ((performance.now() - started) * 1000) / count)
}

async function once<T>(operation: string, report: Report, call: () => Promise<T[]>, expected: number): Promise<T[]> {
  const started = performance.now()
  const found = await call()
  report(operation, (performance.now() - started) * 1000)
  if (found.length !== expected) throw new Error(`${operation}: found ${found.length}, not ${expected}`)
  return found
}
