/** How long small steps may keep the event loop to themselves, in milliseconds. */
const turnMs = 4

/**
 * Yields to the event loop between the small synchronous steps of something long. Steps that come one by one, with turns of the loop between
 * them anyway, wait for nothing.
 */
export class LoopYield {
  readonly #perTurn: number
  readonly #meter: () => number
  /** What the meter showed before the first step of this turn. */
  #start = 0
  /** Undefined before the first step of a turn. */
  #nextTurn: Promise<void> | undefined

  /**
   * @param perTurn - how far the meter may go in one turn of the loop.
   * @param meter - grows with what the steps cost: the clock in milliseconds or, for steps whose work comes later, the bytes of that work.
   */
  constructor(perTurn: number = turnMs, meter: () => number = () => performance.now()) {
    this.#perTurn = perTurn
    this.#meter = meter
  }

  /**
   * Await this before each step. All that wait go on together in the next turn, so where many may share one yield, each should ask again before
   * its step.
   */
  beforeStep(): Promise<void> | undefined {
    if (this.#nextTurn !== undefined) {
      return this.#meter() - this.#start >= this.#perTurn ? this.#nextTurn : undefined
    }
    this.#start = this.#meter()
    this.#nextTurn = new Promise(setImmediate).then(() => {
      this.#nextTurn = undefined
    })
    return undefined
  }
}
