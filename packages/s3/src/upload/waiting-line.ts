interface Place {
  readonly bytes: number
  admit(): void
}

/** Those who wait for room for so many bytes, first come first served. Who is aborted leaves the line at once. */
export class WaitingLine {
  readonly #places = new Set<Place>()

  /** What the first in the line waits for, in bytes; undefined when there is nobody. */
  get first(): number | undefined {
    const [first] = this.#places
    return first?.bytes
  }

  /**
   * Resolves when its turn is {@link admit}ted. Calls `onLeave` when it is aborted instead: there may be room for those behind it.
   * @throws `signal.reason`.
   */
  wait(bytes: number, signal: AbortSignal | undefined, onLeave: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const leave = () => {
        this.#places.delete(place)
        reject(signal?.reason)
        onLeave()
      }
      const admit = () => {
        this.#places.delete(place)
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const place = { bytes, admit }
      this.#places.add(place)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  /** Lets the first in the line go on. */
  admit(): void {
    const [first] = this.#places
    first?.admit()
  }
}
