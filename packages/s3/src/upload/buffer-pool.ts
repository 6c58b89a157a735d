import { Semaphore } from '@lash/attachments-core/backend'

/**
 * Buffers to send from. They bound the memory of a whole store, however many puts are in flight. First come, first
 * served.
 */
export class BufferPool {
  readonly #room: Semaphore
  /** Buffers for reuse, all of one size; none while nothing is being sent. */
  #free: Uint8Array[] = []

  /** @param limit - in bytes. A bigger buffer is given out alone. */
  constructor(limit: number) {
    this.#room = new Semaphore(limit)
  }

  /**
   * Calls `send` with a buffer of that size, once there is room. The contents of the buffer are arbitrary.
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
