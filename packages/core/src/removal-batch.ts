import type { AttachmentDriver, AttachmentKey } from './driver.ts'

interface Removal {
  key: AttachmentKey
  resolve(): void
  reject(error: unknown): void
}

/** What a driver takes in one `remove`. */
const maxKeys = 1000

/** Gathers removals that are asked for in one tick into few calls of the driver, and still tells each its own outcome. */
export class RemovalBatch {
  readonly #driver: AttachmentDriver
  #waiting: Removal[] = []

  constructor(driver: AttachmentDriver) {
    this.#driver = driver
  }

  remove(key: AttachmentKey): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush())
      this.#waiting.push({ key, resolve, reject })
    })
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (let start = 0; start < waiting.length; start += maxKeys)
      void this.#removeAll(waiting.slice(start, start + maxKeys))
  }

  async #removeAll(batch: Removal[]): Promise<void> {
    try {
      await this.#driver.remove(
        batch.map(removal => removal.key),
        {},
      )
      for (const removal of batch) removal.resolve()
    } catch (error) {
      if (batch.length === 1) return batch[0]?.reject(error)
      // One bad key fails the batch: ask again one by one, so that it fails alone. Removing twice is fine.
      for (const removal of batch) await this.#removeAll([removal])
    }
  }
}
