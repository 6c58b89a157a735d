import { afterAll, describe, expect, test } from 'vitest'
import { missingFor, type PairName } from '../crash/place.ts'
import { crash } from '../crash/rounds.ts'
import type { Tally } from '../crash/tally.ts'

/** How many workers are killed on each durable pair. For thousands: `node conformance/crash/main.ts --rounds 5000`. */
const kills: Readonly<Record<PairName, number>> = {
  'fs+sqlite': 54,
  'sqlite+sqlite': 54,
  'sqlite-sqlite': 18,
  'fs+postgres': 36,
  'sqlite+postgres': 18,
  'postgres+postgres': 36,
  'postgres+sqlite': 18,
  's3+postgres': 30,
  's3+sqlite': 18,
}

const tallies: Record<string, Tally> = {}

describe('workers killed at random moments and at fault points', () => {
  for (const [name, rounds] of Object.entries(kills) as [PairName, number][]) {
    test.skipIf(missingFor(name) !== undefined)(
      `${name}: what was told committed is there, nothing half-written is, sweeps leave nothing else`,
      async () => {
        const tally = await crash(name, { rounds, seed: 1 })
        tallies[name] = tally
        expect(tally.problems).toEqual([])
        expect(tally.losses).toBe(0)
        expect(tally.kills).toBeGreaterThanOrEqual(rounds)
      },
      300_000,
    )
  }

  afterAll(() => {
    for (const [name, { problems, ...counts }] of Object.entries(tallies)) console.log(name, JSON.stringify(counts))
  })
})
