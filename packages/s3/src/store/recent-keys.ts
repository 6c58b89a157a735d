/** Remembers the keys that were added last: a hint that may be wrong, for choosing the cheaper way first. */
export class RecentKeys {
  readonly #limit: number
  readonly #keys = new Set<string>()

  constructor(limit: number) {
    this.#limit = limit
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  add(key: string): void {
    this.#keys.delete(key)
    this.#keys.add(key)
    if (this.#keys.size <= this.#limit) return
    const [oldest] = this.#keys
    this.#keys.delete(oldest as string)
  }

  delete(key: string): void {
    this.#keys.delete(key)
  }
}
