import { isBusy } from './sqlite-error.ts'

/**
 * Tries again and again while somebody else holds the lock, without blocking the thread.
 * @throws what the last attempt threw, once the time is over; anything but a held lock at once.
 */
export async function retryWhileBusy<T>(busyTimeoutMs: number, attempt: () => T): Promise<T> {
  const deadline = performance.now() + busyTimeoutMs
  for (;;) {
    const isLast = performance.now() >= deadline
    try {
      return attempt()
    } catch (error) {
      if (isLast || !isBusy(error)) throw error
    }
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
