/** At some 200 bytes each, about 3 MB. */
const limit = 16_384

/**
 * Blobs that this process knows to survive a power cut, by their names, each with the identity of its files: a blob
 * that somebody removed and put again is not the one that was synced. Holds so many, and forgets the oldest.
 */
export class SyncedBlobs {
  readonly #identities = new Map<string, string>()

  /** Whether anything is known of the name, whatever its files were. */
  knows(name: string): boolean {
    return this.#identities.has(name)
  }

  has(name: string, identity: string): boolean {
    return this.#identities.get(name) === identity
  }

  add(name: string, identity: string): void {
    this.#identities.delete(name)
    this.#identities.set(name, identity)
    if (this.#identities.size <= limit) return
    const [oldest] = this.#identities.keys()
    this.#identities.delete(oldest as string)
  }
}
