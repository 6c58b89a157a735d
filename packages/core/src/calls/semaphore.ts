import { abortable } from './abort.ts'

/** Lets tasks run at once up to a limit of their weights together; the others wait. First come, first served. */
export class Semaphore {
  readonly #limit: number
  /** What admits a task that waits, and the weight of the task. */
  readonly #waiting = new Map<() => void, number>()
  /** The weights of the tasks that run, together. */
  inUse = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Where there is room, the task has started when the call returns.
   * @param weight - a task that weighs more than the limit is let through alone.
   * @param signal - when it aborts, the task is not run if it still waits. Afterwards it is the task's own affair.
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
      // A task that still waited has taken nothing.
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
