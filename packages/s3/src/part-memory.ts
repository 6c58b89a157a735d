/** Memory for what is being sent, bounded for a whole store however many puts are in flight. First come, first served. */
export class PartMemory {
  readonly #limit: number
  #used = 0
  #waiting: { bytes: number; take(): void }[] = []
  /** Buffers to use again, all of one size; none when nothing is being sent. */
  #free: Uint8Array[] = []

  /** `limit` in bytes. One part is let through also when it is larger than that. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Calls with a buffer of that size, once there is room; its contents are arbitrary. */
  async use<T>(bytes: number, send: (buffer: Uint8Array) => Promise<T>): Promise<T> {
    await this.#take(bytes)
    const buffer = this.#buffer(bytes)
    try {
      return await send(buffer)
    } finally {
      this.#used -= bytes
      this.#free = this.#used === 0 ? [] : [...this.#free, buffer]
      this.#admit()
    }
  }

  #take(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes
      return Promise.resolve()
    }
    return new Promise(take => this.#waiting.push({ bytes, take }))
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#used += next.bytes
      next.take()
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#limit
  }

  #buffer(bytes: number): Uint8Array {
    const kept = this.#free.pop()
    if (kept?.byteLength === bytes) return kept
    this.#free = []
    return new Uint8Array(bytes)
  }
}
