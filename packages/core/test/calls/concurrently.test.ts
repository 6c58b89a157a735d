import { setImmediate as turn } from 'node:timers/promises'
import { concurrently } from '@lash/attachments-core/backend'
import { expect, test } from 'vitest'

test('every item is taken once, in order, and never more at a time than the limit', async () => {
  const taken: number[] = []
  let running = 0
  let most = 0
  await concurrently([...Array(20).keys()], 3, async item => {
    taken.push(item)
    most = Math.max(most, ++running)
    await turn()
    running--
  })
  expect(taken).toEqual([...Array(20).keys()])
  expect(most).toBe(3)
})

test('after a failure it starts no more, waits for those in flight, and rejects with the first failure', async () => {
  const begun: string[] = []
  const ended: string[] = []
  const turns = { long: 5, failing: 1, 'failing later': 3, 'not begun': 0 }
  const running = concurrently(Object.keys(turns) as (keyof typeof turns)[], 3, async item => {
    begun.push(item)
    for (let left = turns[item]; left > 0; left--) await turn()
    ended.push(item)
    if (item.startsWith('failing')) throw new Error(item)
  })
  await expect(running).rejects.toThrow(/^failing$/)
  expect(begun).toEqual(['long', 'failing', 'failing later'])
  expect(ended).toEqual(['failing', 'failing later', 'long'])
})

test('the results come in the order of the items, whichever is done first', async () => {
  const results = await concurrently([3, 1, 2, 0], 4, async turns => {
    for (let left = turns; left > 0; left--) await turn()
    return turns
  })
  expect(results).toEqual([3, 1, 2, 0])
})

test('of no items nothing is called', async () => {
  await concurrently([], 4, () => expect.unreachable())
})
