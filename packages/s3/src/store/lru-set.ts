/** The values that were added last. A hint that may be wrong, to try the cheaper way first. */
export class LruSet {
  readonly #limit: number
  readonly #values = new Set<string>()

  constructor(limit: number) {
    this.#limit = limit
  }

  has(value: string): boolean {
    return this.#values.has(value)
  }

  add(value: string): void {
    this.#values.delete(value)
    this.#values.add(value)
    if (this.#values.size <= this.#limit) return
    const [oldest] = this.#values
    this.#values.delete(oldest as string)
  }
}
