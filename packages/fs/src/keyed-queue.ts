/** Runs tasks of the same key one after the other, in the order in which they came. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<void>>()

  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const result = before === undefined ? task() : before.then(task)
    const settled = result.then(ignore, ignore)
    this.#last.set(key, settled)
    void settled.then(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    })
    return result
  }
}

function ignore(): void {}
