import { WaitingLine } from './waiting-line.ts'

/** Memory for what is being sent, bounded for a whole store however many puts are in flight. First come, first served. */
export class PartMemory {
  readonly #limit: number
  #used = 0
  readonly #waiting = new WaitingLine()
  /** Buffers to use again, all of one size; none when nothing is being sent. */
  #free: Uint8Array[] = []

  /** `limit` in bytes. One part is let through also when it is larger than that. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Calls with a buffer of that size, once there is room; its contents are arbitrary.
   * @throws `signal.reason` when it aborts before there is room.
   */
  async use<T>(bytes: number, signal: AbortSignal | undefined, send: (buffer: Uint8Array) => Promise<T>): Promise<T> {
    await this.#take(bytes, signal)
    const buffer = this.#buffer(bytes)
    try {
      return await send(buffer)
    } finally {
      this.#used -= bytes
      this.#free = this.#used === 0 ? [] : [...this.#free, buffer]
      this.#admit()
    }
  }

  #take(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.first !== undefined || !this.#fits(bytes)) {
      return this.#waiting.wait(bytes, signal, () => this.#admit())
    }
    this.#used += bytes
    return Promise.resolve()
  }

  #admit(): void {
    for (let bytes = this.#waiting.first; bytes !== undefined && this.#fits(bytes); bytes = this.#waiting.first) {
      this.#used += bytes
      this.#waiting.admit()
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
