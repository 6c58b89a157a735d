/** How long small steps may keep the event loop to themselves, in milliseconds. */
const turnMs = 4

/**
 * Yields to the event loop between the small synchronous steps of long work. Steps that have turns of the loop between
 * them anyway wait for nothing.
 */
export class LoopYield {
  readonly #perTurn: number
  /** What was spent before the first step of this turn. */
  #start = 0
  /** Undefined before the first step of a turn. */
  #nextTurn: Promise<void> | undefined

  /** @param perTurn what the steps of one turn of the loop may spend together. */
  constructor(perTurn: number = turnMs) {
    this.#perTurn = perTurn
  }

  /**
   * Await this before each step. All that wait go on together in the next turn, so where many share one `LoopYield`,
   * each should ask again before its step.
   * @param spent by all steps so far: the time or, for steps whose work comes later, a measure of that work.
   */
  beforeStep(spent: number = performance.now()): Promise<void> | undefined {
    if (this.#nextTurn !== undefined) return spent - this.#start >= this.#perTurn ? this.#nextTurn : undefined
    this.#start = spent
    this.#nextTurn = new Promise(setImmediate).then(() => {
      this.#nextTurn = undefined
    })
    return undefined
  }
}
