import { AttachmentInvalidArgumentError } from '../errors.ts'

/**
 * Runs the call on every item, so many at a time. After the first failure it starts no more, waits for what is under way, and rejects with that
 * failure.
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
  // Also those that run when one fails.
  await Promise.all(workers).finally(() => Promise.allSettled(workers))
}

/** @throws AttachmentInvalidArgumentError when the limit is less than 1. */
export function checkConcurrency(limit: number): number {
  if (limit >= 1) return limit
  throw new AttachmentInvalidArgumentError('concurrency must be 1 or more')
}

/** Gives each item once, whoever asks. A loop over a generator that is left by a failure ends it, for the others too. */
function* each<T>(items: readonly T[]): Generator<T, void, void> {
  yield* items
}
