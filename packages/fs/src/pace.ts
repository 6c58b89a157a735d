import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long small steps may keep the event loop to themselves. */
const turnMs = 4

/** Lets the event loop have its turn between the many small synchronous steps of something long. */
export class Pace {
  #turnEnds = 0

  /** Await this after each step. Calls that share a pace share its time. */
  step(): Promise<void> | undefined {
    const now = performance.now()
    if (now < this.#turnEnds) return undefined
    return nextTurn().then(() => {
      this.#turnEnds = performance.now() + turnMs
    })
  }
}
