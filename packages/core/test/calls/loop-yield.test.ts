import { setImmediate as turn } from 'node:timers/promises'
import { LoopYield } from '@lash/attachments-core/backend'
import { expect, test } from 'vitest'

/** A yield whose steps cost what they are told to, with room for ten in a turn. */
function metered() {
  let spent = 0
  const loopYield = new LoopYield(10)
  return (cost: number) => {
    const next = loopYield.beforeStep(spent)
    if (next === undefined) spent += cost
    return next
  }
}

test('steps wait for the next turn when this one is full, and only then', async () => {
  const step = metered()
  expect(step(6)).toBeUndefined()
  expect(step(6)).toBeUndefined()
  const next = step(6)
  expect(next).toBeInstanceOf(Promise)
  expect(step(6)).toBe(next)
  await next
  expect(step(6)).toBeUndefined()
})

test('steps that come one by one, with turns of the loop between them, wait for nothing', async () => {
  const step = metered()
  for (let count = 0; count < 5; count++) {
    expect(step(100)).toBeUndefined()
    await turn()
  }
})

test('those that share a yield and ask again before their step share each turn', async () => {
  const step = metered()
  let turns = 0
  let done = 0
  const worker = async () => {
    for (let next = step(10); next !== undefined; next = step(10)) await next
    done++
  }
  const all = Promise.all(Array.from({ length: 6 }, worker))
  for (; done < 6; turns++) await turn()
  await all
  expect(turns).toBeGreaterThanOrEqual(5)
})

test('by default what is spent is time', async () => {
  const loopYield = new LoopYield()
  expect(loopYield.beforeStep()).toBeUndefined()
  const start = performance.now()
  while (performance.now() < start + 10);
  expect(loopYield.beforeStep()).toBeInstanceOf(Promise)
})
