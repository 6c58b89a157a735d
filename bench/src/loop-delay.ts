/** How often the event loop is asked for its turn, in milliseconds. */
const interval = 1

/**
 * How long the event loop keeps waiting who asks for a turn, while something runs. A loop that never comes to its turn counts with the
 * whole time; `monitorEventLoopDelay` would have seen nothing of it.
 */
export class LoopDelay {
  readonly #delays: number[] = []
  #due = 0
  #timer: NodeJS.Timeout | undefined

  start(): void {
    this.#due = performance.now() + interval
    this.#timer = setTimeout(() => {
      this.#record()
      this.start()
    }, interval)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#record()
  }

  #record(): void {
    this.#delays.push(Math.max(0, performance.now() - this.#due))
  }

  /** How long each wait was, in milliseconds. */
  get delays(): readonly number[] {
    return this.#delays
  }
}
