import { setTimeout as pause } from 'node:timers/promises'
import type { AttachmentManifestDriver } from './driver.ts'
import { View } from './view.ts'

/** How many contents or refs one step takes on, where they need not go together: a conflict costs little. */
const batchSize = 100
/** How many reads and writes of one content or ref a step has, about. */
const changesOfOne = 8
/** The longest pause before a step is done again, in milliseconds. */
const longestPauseMs = 50

/** Says that a step has more reads and writes than the driver takes. Nothing has changed. */
export const tooLarge: unique symbol = Symbol('too large')

type Step<T> = (view: View) => Promise<T>

export interface Batches<Item> {
  /** The most results to return. */
  readonly limit?: number
  /** Makes an item smaller that is too large for one step by itself. */
  readonly thin?: (item: Item) => Promise<void>
}

/** Steps that are done again until what they saw still stands. */
export class Transactions {
  readonly #driver: AttachmentManifestDriver
  readonly #maxChanges: number

  constructor(driver: AttachmentManifestDriver) {
    this.#driver = driver
    this.#maxChanges = driver.maxChanges ?? Number.POSITIVE_INFINITY
  }

  /** Makes all changes of the step at once. */
  async whole<T>(step: Step<T>, signal?: AbortSignal): Promise<T | typeof tooLarge> {
    for (let conflicts = 0; ; conflicts++) {
      const view = new View(this.#driver)
      const result = await step(view)
      signal?.throwIfAborted()
      if (view.size > this.#maxChanges) return tooLarge
      if (await view.apply()) return result
      await backOff(conflicts)
    }
  }

  /**
   * Works through items that need not go together, in the order given. A step that is too large or meets a conflict is
   * halved, so that one busy item does not hold up the others.
   */
  async each<Item, Result>(
    items: readonly Item[],
    step: (view: View, some: readonly Item[], limit: number) => Promise<readonly Result[]> | Promise<void>,
    { limit = Number.POSITIVE_INFINITY, thin }: Batches<Item> = {},
  ): Promise<Result[]> {
    const results: Result[] = []
    const waiting = this.#batches(items).reverse()
    for (let conflicts = 0; results.length < limit; ) {
      const some = waiting.pop()
      if (some === undefined) break
      const view = new View(this.#driver)
      const found = await step(view, some, limit - results.length)
      const fits = view.size <= this.#maxChanges
      if (fits && (await view.apply())) {
        results.push(...(found ?? []))
        conflicts = 0
      } else if (some.length > 1) {
        const half = some.length >> 1
        waiting.push(some.slice(half), some.slice(0, half))
      } else {
        if (fits) await backOff(conflicts++)
        else await thin?.(some[0] as Item)
        waiting.push(some)
      }
    }
    return results
  }

  #batches<Item>(items: readonly Item[]): (readonly Item[])[] {
    const size = Math.min(batchSize, Math.max(1, Math.floor(this.#maxChanges / changesOfOne)))
    return Array.from({ length: Math.ceil(items.length / size) }, (_, batch) =>
      items.slice(batch * size, (batch + 1) * size),
    )
  }
}

/** So that two who meet do not meet again. */
function backOff(conflicts: number): Promise<void> {
  return pause(Math.random() * Math.min(longestPauseMs, 2 ** conflicts))
}
