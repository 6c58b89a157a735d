/** One array of thousands of keys would take milliseconds for each key that is added in the middle. */
const chunkSize = 512

/** Keys in order, in chunks. */
export class SortedKeys {
  readonly #chunks: string[][] = [[]]

  /** Adds a key that is not there. */
  add(key: string): void {
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at] as string[]
    chunk.splice(placeOf(key, chunk), 0, key)
    if (chunk.length > chunkSize) this.#chunks.splice(at + 1, 0, chunk.splice(chunkSize / 2))
  }

  /** Deletes a key that is there. */
  delete(key: string): void {
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at] as string[]
    chunk.splice(placeOf(key, chunk), 1)
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1)
  }

  /** The keys at or after the start and before the end. */
  *between(start: string, end: string): Generator<string, void, void> {
    const first = this.#chunkOf(start)
    for (const [at, chunk] of this.#chunks.slice(first).entries()) {
      for (const key of at === 0 ? chunk.slice(placeOf(start, chunk)) : chunk) {
        if (key >= end) return
        yield key
      }
    }
  }

  /** The last chunk that begins at or before the key, or the first one. */
  #chunkOf(key: string): number {
    const later = firstWhere(this.#chunks, chunk => (chunk[0] as string) > key)
    return Math.max(0, later - 1)
  }
}

function placeOf(key: string, keys: readonly string[]): number {
  return firstWhere(keys, other => other >= key)
}

/** The first position whose item is so, where all that follow are so, too. */
function firstWhere<T>(items: readonly T[], isSo: (item: T) => boolean): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (isSo(items[middle] as T)) high = middle
    else low = middle + 1
  }
  return low
}
