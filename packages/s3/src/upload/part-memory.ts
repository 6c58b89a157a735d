import { Semaphore } from '@lash/attachments-core/backend'

/** Memory for what is being sent, bounded for a whole store however many puts are in flight. First come, first served. */
export class PartMemory {
  readonly #room: Semaphore
  /** Buffers to use again, all of one size; none when nothing is being sent. */
  #free: Uint8Array[] = []

  /** `limit` in bytes. One part is let through also when it is larger than that. */
  constructor(limit: number) {
    this.#room = new Semaphore(limit)
  }

  /**
   * Calls with a buffer of that size, once there is room; its contents are arbitrary.
   * @throws `signal.reason` when it aborts before there is room.
   */
  use<T>(bytes: number, signal: AbortSignal | undefined, send: (buffer: Uint8Array) => Promise<T>): Promise<T> {
    const withBuffer = async () => {
      const buffer = this.#buffer(bytes)
      try {
        return await send(buffer)
      } finally {
        const isLast = this.#room.inUse === bytes
        this.#free = isLast ? [] : [...this.#free, buffer]
      }
    }
    return this.#room.run(withBuffer, bytes, signal)
  }

  #buffer(bytes: number): Uint8Array {
    const kept = this.#free.pop()
    if (kept?.byteLength === bytes) return kept
    this.#free = []
    return new Uint8Array(bytes)
  }
}
