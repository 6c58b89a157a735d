/** The width of a bucket, about a minute. Of that much, a sweep also looks at what is not old enough. */
const bucketMs = 65_536

/**
 * Items by their time, to take those that are old enough without a look at all the others. Times come in any order,
 * since callers choose them and clocks step back.
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

  /** The items at or before the time, in no particular order. Items may be deleted meanwhile. */
  *upTo(timeMs: number): Generator<T, void, void> {
    for (const [key, bucket] of this.#buckets) {
      if (key * bucketMs > timeMs) continue
      for (const [item, itemTimeMs] of bucket) if (itemTimeMs <= timeMs) yield item
    }
  }
}
