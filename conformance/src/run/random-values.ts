import assert from 'node:assert/strict'
import type * as FastCheck from 'fast-check'

export type Generator = typeof FastCheck

export interface RandomValues<T> {
  /** What the values are. It is given fast-check, which loads only when it is needed. */
  values(fc: Generator): FastCheck.Arbitrary<T>
  /** Fails when something is wrong with the value. */
  check(value: T): Promise<void>
  /** At least so many. */
  readonly count: number
  /** Decides the values: the same seed gives the same ones. */
  readonly seed: number
  /** More of them, up to ten times as many, while so much time has not gone by, in milliseconds. Default 0. */
  readonly spareMs?: number
}

/** A smaller value that fails as well is looked for so long, in milliseconds. Less than a case may take. */
const shrinkingMs = 5000

/**
 * Checks so many random values, one after the other.
 * @throws what `check` says of the smallest value found that fails.
 */
export async function checkRandomValues<T>(options: RandomValues<T>): Promise<void> {
  const { values, check, count, seed, spareMs = 0 } = options
  const fc = await import('fast-check')
  const enough = performance.now() + spareMs
  let checked = 0
  let shrunk: number | undefined
  const property = fc.asyncProperty(values(fc), async value => {
    const isLate = shrunk === undefined ? checked++ >= count && performance.now() > enough : performance.now() > shrunk
    if (isLate) return
    try {
      await check(value)
    } catch (error) {
      shrunk ??= performance.now() + shrinkingMs
      throw error
    }
  })
  const { failed, errorInstance } = await fc.check(property, { numRuns: count * (spareMs > 0 ? 10 : 1), seed })
  if (failed) throw errorInstance ?? new assert.AssertionError({ message: 'a value was refused' })
}
