import type { OrphanClaim } from '@lash/attachments-core'
import type { ActorPlan } from '../plans/plan.ts'

/** Where an actor waits for its turn. */
export interface Stop {
  readonly phase: 'start' | 'before' | 'after'
  /** The call, or the operation, in words. */
  readonly what: string
  /** Whether the call may change what the store or the manifest holds. */
  readonly changes: boolean
}

/** What a call answered, as far as the actor's next steps depend on it. */
export type Reply = string | readonly OrphanClaim[]

/** How the scheduler lets an actor go on: with what it waits for, or with a failure instead. */
export type Outcome = 'go' | 'fail'

/** The error of a call that the scheduler lets fail. */
export class InjectedFailure extends Error {
  override readonly name = 'InjectedFailure'
}

/** Whether the scheduler made the failure that an error is, or was caused by. */
export function isInjected(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof InjectedFailure) return true
  return false
}

/** One thread of activity. It runs from stop to stop when the scheduler says so. */
export class Actor {
  readonly plan: ActorPlan
  /** Whether it stops after calls as well: its replies can be lost, or another actor sees what it does with them. */
  readonly stopsAfterCalls: boolean
  /** The index of its current operation. */
  operation = 0
  /** Where it waits. Undefined while it runs, and when it has finished. */
  stop: Stop | undefined
  finished = false
  /** The replies that it got since its operation began. */
  replies: Reply[] = []
  #goOn: ((outcome: Outcome) => void) | undefined
  #arrived: (() => void) | undefined

  constructor(plan: ActorPlan, stopsAfterCalls: boolean) {
    this.plan = plan
    this.stopsAfterCalls = stopsAfterCalls
  }

  get waits(): boolean {
    return this.stop !== undefined
  }

  /** Waits for the actor's turn. Called by what the actor does. */
  stopAt(stop: Stop): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.stop = stop
      this.#goOn = outcome => {
        if (outcome === 'go') resolve()
        else reject(new InjectedFailure(stop.phase === 'before' ? 'the call failed' : 'the reply was lost'))
      }
      this.#arrived?.()
    })
  }

  /** Called when the actor has done all of its operations. */
  finish(): void {
    this.finished = true
    this.#arrived?.()
  }

  /** Runs the actor to its next stop or to its end. */
  run(start: () => void): Promise<void> {
    return new Promise(resolve => {
      this.#arrived = resolve
      start()
    })
  }

  /** Lets the actor go on from where it waits, to its next stop or to its end. */
  goOn(outcome: Outcome): Promise<void> {
    return this.run(() => {
      this.stop = undefined
      this.#goOn?.(outcome)
    })
  }
}
