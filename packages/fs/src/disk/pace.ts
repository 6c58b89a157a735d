import { Semaphore } from '@lash/attachments-core/backend'

/** Steps on the disk that pause only where a call has left the calling thread: they yield its promise. */
// biome-ignore lint/suspicious/noExplicitAny: what a yield gives depends on what it was given.
export type Steps<T> = Generator<Promise<unknown>, T, any>

/** For so long, in milliseconds, may runs in place hold up the event loop: all of late, the older the less. */
const patienceMs = 15
/** With each run in place the time of the ones before counts a thirtieth less. */
const decay = 0.97
/** So many runs leave the calling thread before one tries again how fast the disk is. */
const runsApart = 256
/** Runs off the calling thread at once. Each holds files open, and a thousand would run out of descriptors. */
const runsAtOnce = 64

/** What a call gives, now or later. Where microseconds count, ask for `instanceof Promise` and yield in place. */
export function* settled<T>(value: T | Promise<T>): Steps<T> {
  return value instanceof Promise ? yield value : value
}

/**
 * Runs steps on the calling thread as long as the disk is fast: a hop to the thread pool and back takes 50 to 80
 * microseconds, and a call on a warm local disk takes 3. When runs have taken long, the calls of those that follow are
 * made on the pool. So on a slow disk less than one run in a hundred holds up the event loop.
 */
export class Pace {
  /** Whether calls leave the calling thread. */
  isSlow: boolean = false
  readonly #underWay = new Semaphore(runsAtOnce)
  #recentMs = 0
  #runsToGo = 0

  /**
   * Runs steps: where the disk is fast, up to their end or the first promise before it returns. They must not wait for
   * other runs, which may be waiting for their turn.
   * @param signal when it aborts, steps that wait for their turn are not run. Steps that run do not hear of it.
   */
  run<T>(steps: Steps<T>, signal?: AbortSignal): T | Promise<T> {
    if (this.isSlow && this.#runsToGo > 0) {
      this.#runsToGo--
      return this.#underWay.run(() => finish(steps, steps.next()), 1, signal)
    }
    // Also where it was slow: to see whether it still is.
    this.isSlow = false
    const step = this.#timed(() => steps.next())
    return step.done ? step.value : finish(steps, step)
  }

  /** What plain calls give where the disk is fast; undefined where it is slow, or was. */
  ifFast<T>(calls: () => T): T | undefined {
    return this.isSlow ? undefined : this.#timed(calls)
  }

  /** Runs steps to their end, however slow the disk is: for callers that cannot wait. */
  runInPlace<T>(steps: Steps<T>): T {
    const { isSlow } = this
    this.isSlow = false
    try {
      return steps.next().value as T
    } finally {
      this.isSlow = isSlow
    }
  }

  #timed<T>(calls: () => T): T {
    const start = performance.now()
    try {
      return calls()
    } finally {
      this.#took(performance.now() - start)
    }
  }

  #took(milliseconds: number): void {
    this.#recentMs = this.#recentMs * decay + milliseconds
    if (this.#recentMs <= patienceMs) return
    this.isSlow = true
    this.#runsToGo = runsApart
    this.#recentMs = 0
  }
}

async function finish<T>(steps: Steps<T>, first: IteratorResult<Promise<unknown>, T>): Promise<T> {
  let step = first
  while (!step.done) {
    let value: unknown
    try {
      value = await step.value
    } catch (error) {
      step = steps.throw(error)
      continue
    }
    step = steps.next(value)
  }
  return step.value
}
