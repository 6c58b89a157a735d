import type { AttachmentDriver, AttachmentKey } from './driver.ts'

interface Removal {
  key: AttachmentKey
  signal: AbortSignal | undefined
  resolve(): void
  reject(error: unknown): void
}

/** Most keys that a driver takes in one `remove`. */
const maxKeys = 1000

/** Joins the removals of one tick into few calls of the driver. Each removal still gets its own outcome. */
export class RemovalBatcher {
  readonly #driver: AttachmentDriver
  #waiting: Removal[] = []

  constructor(driver: AttachmentDriver) {
    this.#driver = driver
  }

  /** The driver gets the signal only if all removals of its call have the same one, as those of a sweep do. */
  remove(key: AttachmentKey, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush())
      this.#waiting.push({ key, signal, resolve, reject })
    })
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (let start = 0; start < waiting.length; start += maxKeys)
      void this.#removeAll(waiting.slice(start, start + maxKeys))
  }

  async #removeAll(batch: Removal[]): Promise<void> {
    const signal = batch[0]?.signal
    try {
      await this.#driver.remove(
        batch.map(removal => removal.key),
        { signal: batch.every(removal => removal.signal === signal) ? signal : undefined },
      )
      for (const removal of batch) removal.resolve()
    } catch (error) {
      if (batch.length === 1) return batch[0]?.reject(error)
      // One bad key fails the batch. Remove one by one, so that it fails alone; to remove twice is harmless.
      for (const removal of batch) await this.#removeAll([removal])
    }
  }
}
