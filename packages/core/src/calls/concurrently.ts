/**
 * Calls with every item, up to `limit` calls at a time and returns the results in the order of the items. After the
 * first failure it starts no more calls, waits for those in flight, and rejects with that failure.
 */
export async function concurrently<T, Result>(
  items: readonly T[],
  limit: number,
  call: (item: T) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  // Each call begins when a worker takes it. A worker that fails closes the iterator, and so ends the others.
  const calls = items.entries().map(async ([index, item]) => {
    results[index] = await call(item)
  })
  const worker = async () => {
    for (const running of calls) await running
  }
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker)
  // When one fails, others are in flight.
  await Promise.all(workers).finally(() => Promise.allSettled(workers))
  return results
}
