import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long small steps may keep the event loop to themselves. */
const turnMs = 4

/** Lets the event loop have its turn between the many small synchronous steps of something long. */
export class Pace {
  #turnEnds = 0
  #nextTurn: Promise<void> | undefined

  /**
   * Await this between steps. Calls that share a pace share its time: all that wait go on in the next turn, so where there may be many
   * of them, each should ask again before its step.
   */
  step(): Promise<void> | undefined {
    if (performance.now() < this.#turnEnds) return undefined
    this.#nextTurn ??= nextTurn().then(() => {
      this.#nextTurn = undefined
      this.#turnEnds = performance.now() + turnMs
    })
    return this.#nextTurn
  }
}
