import { markdownTable } from 'markdown-table'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { plans } from './crossings.ts'
import { type Explored, explore } from './explore.ts'
import { rewriting, sabotages } from './sabotages.ts'
import { Ground } from './world/ground.ts'

let ground: Ground
/** Here statements can stop inside. */
let stalling: Ground

beforeAll(async () => {
  ground = await Ground.make({ stalls: false })
  stalling = await Ground.make({ stalls: true })
})

const rows: string[][] = []

describe('every schedule comes to what some order of the calls comes to', () => {
  for (const { name, grain, maxSwitches, crossings, schedules } of plans) {
    test(name, async () => {
      const begun = Date.now()
      const on = grain === 'writes' ? stalling : ground
      const all: Explored[] = []
      for (const crossing of crossings) all.push(await explore(on, crossing, grain, maxSwitches))
      const sum = (of: (explored: Explored) => number) => all.reduce((total, one) => total + of(one), 0)
      const counts = [crossings.length, sum(one => one.schedules), sum(one => one.steps), sum(one => one.waited)]
      const seconds = ((Date.now() - begun) / 1000).toFixed(1)
      rows.push([name, ...counts.map(count => count.toLocaleString('en')), seconds])
      expect(sum(one => one.schedules)).toBeGreaterThanOrEqual(schedules)
      expect(sum(one => one.waited)).toBeGreaterThan(0)
    }, 300_000)
  }
})

describe('without one of the rules, a schedule is found that shows it', () => {
  for (const sabotage of sabotages) {
    const { without, replaced, crossing, grain, caught } = sabotage
    test(without, async () => {
      const used = new Set<RegExp>()
      stalling.rewrite = rewriting(sabotage, used)
      try {
        await expect(explore(stalling, crossing, grain, 2)).rejects.toThrow(caught)
        expect(replaced.filter(([from]) => !used.has(from))).toEqual([])
      } finally {
        stalling.rewrite = text => text
      }
    }, 60_000)
  }
})

afterAll(async () => {
  const heads = ['below the calls of PostgreSQL', 'crossings', 'schedules', 'steps', 'schedules with a wait', 'seconds']
  console.log(`\n${markdownTable([heads, ...rows])}\n`)
  await ground.close()
  await stalling.close()
})
