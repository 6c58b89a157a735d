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
 * Joins the removals of one tick into few calls of the driver. Each removal still gets its own outcome. The driver gets
 * the signal only if all removals of its call have the same one, as those of a sweep do.
 */
export function batchedRemoval(
  driver: AttachmentDriver,
): (key: AttachmentKey, signal: AbortSignal | undefined) => Promise<void> {
  const waiting: Removal[] = []

  const removeAll = async (batch: readonly Removal[]) => {
    const [{ signal, reject }] = batch as [Removal]
    try {
      const keys = batch.map(removal => removal.key)
      await driver.remove(keys, { signal: batch.every(removal => removal.signal === signal) ? signal : undefined })
      for (const removal of batch) removal.resolve()
    } catch (error) {
      if (batch.length === 1) return reject(error)
      // One bad key fails the batch. Remove one by one, so that it fails alone; to remove twice is harmless.
      for (const removal of batch) await removeAll([removal])
    }
  }

  const flush = () => {
    while (waiting.length > 0) void removeAll(waiting.splice(0, maxKeys))
  }

  return (key, signal) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ key, signal, resolve, reject }) === 1) queueMicrotask(flush)
    })
}
