/** How long small steps may keep the event loop to themselves, in milliseconds. */
const turnMs = 4

/**
 * Lets the event loop have its turn between the many small synchronous steps of something long. Steps that come one by one,
 * with turns between them anyway, wait for nothing.
 */
export class Pace {
  /** When the first step of this turn was; 0 when there was none. */
  #began = 0
  #nextTurn: Promise<void> | undefined

  /**
   * Await this before each step. Calls that share a pace share its time: all that wait go on in the next turn, so where there may be
   * many of them, each should ask again before its step.
   */
  step(): Promise<void> | undefined {
    if (this.#began === 0) {
      this.#began = performance.now()
      setImmediate(() => {
        this.#began = 0
      })
    } else if (this.#nextTurn !== undefined || performance.now() - this.#began >= turnMs) {
      this.#nextTurn ??= new Promise(resolve => {
        setImmediate(() => {
          this.#nextTurn = undefined
          resolve()
        })
      })
    }
    return this.#nextTurn
  }
}
