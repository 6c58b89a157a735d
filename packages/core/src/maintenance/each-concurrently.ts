/**
 * Calls with every item, up to `limit` calls at a time. Asks for a batch when the one before is used up, so no more are
 * held than that. After the first failure, of a call or of the batches, it lets calls in flight end, and rejects.
 *
 * Of a batch, items are taken without a wait: calls that end together are followed by calls that begin together, which
 * a backend does with one commit or one statement where it can.
 */
export async function eachConcurrently<T>(
  batches: AsyncGenerator<Iterable<T>, void, void>,
  limit: number,
  call: (item: T) => Promise<void>,
): Promise<void> {
  let items: Iterator<T> = [].values()
  let refilling: Promise<boolean> | undefined
  let hasFailed = false

  const refill = async () => {
    const { done, value } = await batches.next()
    refilling = undefined
    if (done) return false
    items = value[Symbol.iterator]()
    return true
  }
  const worker = async () => {
    while (!hasFailed) {
      const { done, value } = items.next()
      if (!done) {
        await call(value)
        continue
      }
      refilling ??= refill()
      if (!(await refilling)) return
    }
  }
  const workers = Array.from({ length: limit }, () =>
    worker().catch(error => {
      hasFailed = true
      throw error
    }),
  )
  await Promise.all(workers).finally(async () => {
    await Promise.allSettled(workers)
    await batches.return()
  })
}
