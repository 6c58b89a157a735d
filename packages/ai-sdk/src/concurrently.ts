/**
 * Calls with every item, up to `limit` calls at a time. After the first failure it starts no more calls, waits for
 * those in flight, and rejects with that failure.
 */
export async function concurrently<Item, Result>(
  items: Iterable<Item>,
  limit: number,
  call: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const waiting = [...items].entries()
  const worker = async () => {
    for (const [index, item] of waiting) results[index] = await call(item)
  }
  // A worker that fails closes the iterator, and so ends the others.
  const workers = Array.from({ length: limit }, worker)
  await Promise.all(workers).finally(() => Promise.allSettled(workers))
  return results
}
