import type { AttachmentDriver, AttachmentKey } from './driver.ts'

interface Removal {
  key: AttachmentKey
  signal: AbortSignal | undefined
  resolve(): void
  reject(error: unknown): void
}

/** Most keys that a driver takes in one `remove`. */
const maxKeys = 1000

/**
 * Joins the removals of one tick that have the same signal, as those of a sweep do, into few calls of the driver. Each
 * still gets its own outcome, and settles when the driver has done with it: no removal comes after what its caller does
 * next.
 */
export function batchedRemoval(
  driver: AttachmentDriver,
): (key: AttachmentKey, signal: AbortSignal | undefined) => Promise<void> {
  const waiting: Removal[] = []

  const removeAll = async (batch: readonly Removal[]) => {
    const [{ signal, reject }] = batch as [Removal]
    try {
      const keys = batch.map(removal => removal.key)
      await driver.remove(keys, { signal })
      for (const removal of batch) removal.resolve()
    } catch (error) {
      if (batch.length === 1) return reject(error)
      // One bad key fails the batch. Remove one by one, so that it fails alone; to remove twice is harmless.
      for (const removal of batch) await removeAll([removal])
    }
  }

  const flush = () => {
    for (const removals of Map.groupBy(waiting.splice(0), removal => removal.signal).values()) {
      while (removals.length > 0) void removeAll(removals.splice(0, maxKeys))
    }
  }

  return (key, signal) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ key, signal, resolve, reject }) === 1) queueMicrotask(flush)
    })
}
