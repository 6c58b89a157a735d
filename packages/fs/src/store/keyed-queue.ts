/** Runs tasks of the same key one after the other, in the order in which they came. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Whether a task of the key is running or waiting. */
  isBusy(key: string): boolean {
    return this.#last.has(key)
  }

  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const result = before === undefined ? task() : before.then(task, task)
    this.#last.set(key, result)
    const settled = () => {
      if (this.#last.get(key) === result) this.#last.delete(key)
    }
    result.then(settled, settled)
    return result
  }
}
