/** How often the event loop is asked for its turn, in milliseconds. */
const interval = 1

/**
 * How long the event loop keeps waiting who asks for a turn, while something runs. A loop that never comes to its turn
 * counts with the whole time; `monitorEventLoopDelay` would have seen nothing of it.
 */
export class LoopDelay {
  /** How long each wait was, in milliseconds. */
  readonly delays: number[] = []
  /**
   * How long the loop's thread had a processor in each of these waits, in milliseconds. The rest it was blocked, or a
   * server on the same machine had the processor.
   */
  readonly busy: number[] = []
  #due = 0
  #used: NodeJS.CpuUsage | undefined
  #timer: NodeJS.Timeout | undefined

  start(): void {
    this.#due = performance.now() + interval
    this.#used = process.threadCpuUsage()
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
    this.delays.push(Math.max(0, performance.now() - this.#due))
    const { user, system } = process.threadCpuUsage(this.#used)
    this.busy.push((user + system) / 1000)
  }
}
