import { AttachmentInvalidArgumentError } from '../errors.ts'

/**
 * Calls with every item, up to `limit` calls at a time. After the first failure it starts no more calls, waits for
 * those in flight, and rejects with that failure.
 */
export async function concurrently<T>(
  items: readonly T[],
  limit: number,
  call: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = each(items)
  const worker = async () => {
    for (const item of waiting) await call(item)
  }
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker)
  // When one fails, others are in flight.
  await Promise.all(workers).finally(() => Promise.allSettled(workers))
}

/** @throws AttachmentInvalidArgumentError when the limit is less than 1. */
export function checkConcurrency(limit: number): number {
  if (limit >= 1) return limit
  throw new AttachmentInvalidArgumentError('concurrency must be 1 or more')
}

/**
 * Gives each item once, to whichever loop asks. A loop that a failure ends closes the generator, and so ends the
 * others.
 */
function* each<T>(items: readonly T[]): Generator<T, void, void> {
  yield* items
}
