/** Calls back when nothing has come, or nothing was taken, for a time. */
export class IdleTimer {
  readonly #idleMs: number
  readonly #onIdle: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Undefined while somebody is at work whom the client need not wait for. */
  #since: number | undefined

  constructor(idleMs: number, onIdle: () => void) {
    this.#idleMs = idleMs
    this.#onIdle = onIdle
  }

  /** The client's turn begins. One timer serves many turns: that is cheaper than one for each chunk. */
  start(): void {
    this.#since = performance.now()
    if (this.#timer === undefined) this.#arm(this.#idleMs)
  }

  /** The client's turn is over. */
  pause(): void {
    this.#since = undefined
  }

  stop(): void {
    this.#since = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#since === undefined) return
      const leftMs = this.#since + this.#idleMs - performance.now()
      if (leftMs > 0) this.#arm(leftMs)
      else this.#onIdle()
    }, ms)
  }
}
