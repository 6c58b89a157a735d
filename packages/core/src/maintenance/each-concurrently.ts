/**
 * Calls with every item, up to `limit` calls at a time. Takes an item when there is a place for it, so no more are held
 * than that. After the first failure, of a call or of the items, it lets calls in flight end, and rejects.
 */
export async function eachConcurrently<T>(
  items: AsyncGenerator<T, void, void>,
  limit: number,
  call: (item: T) => Promise<void>,
): Promise<void> {
  // A worker that fails closes the generator, and so ends the others.
  const worker = async () => {
    for await (const item of items) await call(item)
  }
  const workers = Array.from({ length: limit }, worker)
  await Promise.all(workers).finally(() => Promise.allSettled(workers))
}
