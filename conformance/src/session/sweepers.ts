import assert from 'node:assert/strict'
import { AttachmentIntentExpiredError } from '@lash/attachments-core'
import { turn } from '../run/samples.ts'
import type { PairSteps } from './pair-under-test.ts'
import type { TestSession } from './test-session.ts'

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

  /** Puts and commits a text against the sweepers. What a sweep took meanwhile is put again, as a host does. */
  async hold(session: TestSession, text: string): Promise<void> {
    for (let tries = 0; tries < 8; tries++) if (await triedToHold(session, text)) return
    this.#resting++
    try {
      // A sweep under way may still take it, a few times at most.
      for (let tries = 0; tries < 100; tries++) if (await triedToHold(session, text)) return
      assert.fail(`${text} could not be committed although the sweepers rest`)
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

async function triedToHold(session: TestSession, text: string): Promise<boolean> {
  try {
    await session.hold(text)
    return true
  } catch (error) {
    if (AttachmentIntentExpiredError.isInstance(error)) return false
    throw error
  }
}
