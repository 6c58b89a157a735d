import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { afterAll, describe, expect, test } from 'vitest'
import { checkPromises, checkSweeps } from '../crash/check.ts'
import { samples } from '../crash/contents.ts'
import type { JournalEntry } from '../crash/journal.ts'
import { openPair } from '../crash/pair.ts'
import { missingFor, type PairName } from '../crash/pair-names.ts'
import { makePlace } from '../crash/place.ts'
import { Promises } from '../crash/promises.ts'
import { crash } from '../crash/rounds.ts'
import { emptyTally, type Tally } from '../crash/tally.ts'

/** How many workers are killed on each durable pair. `node conformance/crash/main.ts --rounds 5000` kills thousands. */
const kills: Readonly<Record<PairName, number>> = {
  'fs+sqlite': 12,
  'sqlite+sqlite': 12,
  'sqlite-sqlite': 4,
  'fs+postgres': 8,
  'sqlite+postgres': 4,
  'postgres+postgres': 8,
  'postgres+sqlite': 4,
  's3+postgres': 6,
  's3+sqlite': 4,
  'lmdb+lmdb': 4,
  'fs+redis': 4,
}

const tallies: Record<string, Tally> = {}

describe('workers killed at random moments and at fault points', () => {
  for (const [name, rounds] of Object.entries(kills) as [PairName, number][]) {
    test.skipIf(missingFor(name) !== undefined)(
      `${name}: committed content can be read, no content is half-written, and sweeps leave nothing else`,
      async () => {
        const tally = await crash(name, { rounds, seed: 1 })
        tallies[name] = tally
        expect(tally.problems).toEqual([])
        expect(tally.losses).toBe(0)
        expect(tally.kills).toBeGreaterThanOrEqual(rounds)
        expect(tally.commits).toBeGreaterThan(0)
      },
      300_000,
    )
  }

  afterAll(() => {
    for (const [name, { problems, ...counts }] of Object.entries(tallies)) console.log(name, JSON.stringify(counts))
  })
})

describe('the checks of the crash test', () => {
  const meta = { mediaType: 'text/plain', label: 'session' }

  /** A pair in which a session has heard that one sample is committed. */
  async function promising() {
    const place = await makePlace('fs+sqlite')
    const pair = await openPair(place.address)
    const session = new SessionScopedAttachmentStore(pair.store, pair.manifest, 'session')
    const ref = await session.put(samples[1]?.bytes as Uint8Array, meta)
    await session.commit()
    const promises = new Promises()
    const told: JournalEntry[] = [
      ['commits', 'session', [[ref.id, 0]]],
      ['committed', 'session'],
    ]
    await promises.take(told, pair.manifest)
    const close = async () => {
      await pair.close()
      await place.remove()
    }
    return { pair, promises, ref, tally: emptyTally(), close }
  }

  test('find committed bytes that are gone', async () => {
    const { pair, promises, ref, tally, close } = await promising()
    await checkPromises(pair, promises, tally)
    expect(tally.losses).toBe(0)
    await pair.store.delete(ref.id)
    await checkPromises(pair, promises, tally)
    expect(tally.losses).toBe(1)
    await close()
  })

  test('find a commit that the manifest has forgotten', async () => {
    const { pair, promises, ref, tally, close } = await promising()
    await pair.manifest.forget(ref.id)
    await checkPromises(pair, promises, tally)
    expect(tally.losses).toBe(1)
    await close()
  })

  test('find content that sweeps leave and no session has committed', async () => {
    const { pair, tally, close } = await promising()
    await checkSweeps(pair, new Promises(), tally)
    expect(tally.problems).toHaveLength(1)
    await close()
  })

  test('find a commit of several refs that was carried out in part', async () => {
    const { pair, ref, close } = await promising()
    const other = samples[2]?.id as string
    const unheard: JournalEntry[] = [
      [
        'commits',
        'session',
        [
          [ref.id, 0],
          [other, 0],
        ],
      ],
    ]
    expect(await new Promises().take(unheard, pair.manifest)).toHaveLength(1)
    await close()
  })

  test('count a commit without an answer as promised only when the manifest has it', async () => {
    const { pair, ref, close } = await promising()
    const promises = new Promises()
    await promises.take([['commits', 'session', [[ref.id, 0]]]], pair.manifest)
    expect([...promises.heldBy('session').keys()]).toEqual([ref.id])
    await pair.manifest.releaseRefs('session')
    await promises.take([['releases', 'session', [ref.id]]], pair.manifest)
    expect([...promises.heldBy('session').keys()]).toEqual([])
    await close()
  })
})
