import { turn } from '../../run/samples.ts'

/** A promise that says whether it has settled. */
export interface Settling<T> {
  readonly done: boolean
  readonly result: Promise<T>
}

export function settling<T>(result: Promise<T>): Settling<T> {
  const state = { done: false, result }
  const settled = () => {
    state.done = true
  }
  result.then(settled, settled)
  return state
}

/** The promise, which may reject before anybody comes to await it. */
export function begun<T>(result: Promise<T>): Promise<T> {
  result.catch(() => {})
  return result
}

/**
 * Moments in a call, as turns of the event loop after its beginning: so many, from the first turn to the last. The call
 * is made once to see how long it takes here: it takes a few turns in memory, and thousands over a network.
 */
export async function momentsOf(call: () => Promise<unknown>, count: number): Promise<number[]> {
  const measured = settling(call())
  let turns = 0
  for (; !measured.done; turns++) await turn()
  await measured.result
  return Array.from({ length: count }, (_, index) => Math.round((turns * index) / (count - 1)))
}
