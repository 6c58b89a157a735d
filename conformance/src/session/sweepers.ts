import assert from 'node:assert/strict'
import { AttachmentIntentExpiredError } from '@lash/attachments-core'
import { turn } from '../run/samples.ts'
import type { PairSteps } from './pair-under-test.ts'

/**
 * Sweepers that sweep all the time, unless a writer asks for a rest: without any grace, a slow writer might never
 * get through.
 */
export class Sweepers {
  readonly #pair: PairSteps
  readonly #running: Promise<unknown>
  #stopped = false
  #resting = 0

  constructor(pair: PairSteps, count: number) {
    this.#pair = pair
    this.#running = Promise.all(Array.from({ length: count }, () => this.#run()))
    this.#running.catch(() => {})
  }

  /**
   * Does work that ends in a commit against the sweepers. What a sweep took meanwhile is done again, as a host does.
   */
  async outlast(work: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; tries < 8; tries++) if (await isDone(work)) return
    this.#resting++
    try {
      // A sweep under way may still take it, a few times at most.
      for (let tries = 0; tries < 100; tries++) if (await isDone(work)) return
      assert.fail('a commit is refused although the sweepers rest')
    } finally {
      this.#resting--
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#resting === 0) assert.deepEqual((await this.#pair.sweep()).failures, [])
      await turn()
    }
  }
}

async function isDone(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (AttachmentIntentExpiredError.isInstance(error)) return false
    throw error
  }
}
