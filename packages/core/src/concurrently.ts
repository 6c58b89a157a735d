/** Runs the call on every item, so many at a time; rejects with the first failure, and starts no more after it. */
export async function concurrently<T>(
  items: Iterable<T>,
  limit: number,
  call: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) await call(next.value)
  }
  await Promise.all(Array.from({ length: limit }, worker))
}
