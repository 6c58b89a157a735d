/** Width of a bucket: what a sweep looks at beyond what is old enough. About a minute. */
const bucketMs = 65_536

/**
 * Things by their age, for taking those that are old enough without looking at all the others. Ages come in any order: callers
 * choose them, and clocks step back.
 */
export class AgeIndex<T> {
  readonly #buckets = new Map<number, Map<T, number>>()

  add(item: T, timeMs: number): void {
    const key = Math.floor(timeMs / bucketMs)
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) this.#buckets.set(key, new Map([[item, timeMs]]))
    else bucket.set(item, timeMs)
  }

  delete(item: T, timeMs: number): void {
    const key = Math.floor(timeMs / bucketMs)
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) return
    bucket.delete(item)
    if (bucket.size === 0) this.#buckets.delete(key)
  }

  /** What has a time at or before the given one, in no particular order. Items may be deleted meanwhile. */
  *upTo(timeMs: number): Generator<T, void, void> {
    for (const [key, bucket] of this.#buckets) {
      if (key * bucketMs > timeMs) continue
      for (const [item, itemTimeMs] of bucket) if (itemTimeMs <= timeMs) yield item
    }
  }
}
