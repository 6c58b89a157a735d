const defaultLimit = 16_384

/**
 * Names that this process knows to survive a power cut, each with the identity of the files that it was true of: a name that
 * somebody removed and put again meanwhile is not the one that was synced. Holds so many, and forgets the oldest.
 */
export class DurableNames {
  readonly #identities = new Map<string, string>()
  readonly #limit: number

  constructor(limit: number = defaultLimit) {
    this.#limit = limit
  }

  /** Whether anything is known of the name, of whatever files. */
  knows(name: string): boolean {
    return this.#identities.has(name)
  }

  has(name: string, identity: string): boolean {
    return this.#identities.get(name) === identity
  }

  add(name: string, identity: string): void {
    this.#identities.delete(name)
    this.#identities.set(name, identity)
    if (this.#identities.size <= this.#limit) return
    for (const oldest of this.#identities.keys()) {
      this.#identities.delete(oldest)
      return
    }
  }

  delete(name: string): void {
    this.#identities.delete(name)
  }
}
