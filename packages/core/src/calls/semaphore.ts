import { abortable } from './abort.ts'

/**
 * Lets tasks run at once while the sum of their weights is within a limit. The others wait, first come, first served.
 */
export class Semaphore {
  readonly #limit: number
  /** For each task that waits: the function that admits it, and its weight. */
  readonly #waiting = new Map<() => void, number>()
  /** The sum of the weights of the tasks that run. */
  inUse = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * If there is room, the task has started when this returns.
   * @param weight a task that weighs more than the limit runs alone.
   * @param signal when it aborts, a task that still waits is not run. A task that runs must watch the signal itself.
   * @throws `signal.reason`, or what the task throws.
   */
  async run<T>(task: () => Promise<T>, weight: number = 1, signal?: AbortSignal): Promise<T> {
    let admit = () => {}
    const admitted = new Promise<void>(resolve => {
      admit = resolve
      this.#waiting.set(admit, weight)
      this.#admit()
    })
    try {
      if (this.#waiting.has(admit)) await abortable(admitted, signal)
      return await task()
    } finally {
      // A task that still waits has no weight in use.
      if (!this.#waiting.delete(admit)) this.inUse -= weight
      this.#admit()
    }
  }

  #admit(): void {
    for (const [admit, weight] of this.#waiting) {
      if (this.inUse > 0 && this.inUse + weight > this.#limit) return
      this.#waiting.delete(admit)
      this.inUse += weight
      admit()
    }
  }
}
