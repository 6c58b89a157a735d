import type { Capability } from '../../harness.ts'

/** Where a clock stands: where it should, or 26 years from there. */
export type ClockSetting = 'right' | 'ahead' | 'back'

/**
 * What an actor does in one go. A string after a verb is the name of a content.
 *
 * - `commit` is `commit()` of the session-scoped store. `commit-refs` gives it the refs that this actor's puts
 *   returned, and `commit-ids` gives the manifest bare ids.
 * - `adopt x b` takes a ref to x from session b, and `adopt x b/m` from holder m in it.
 * - `transaction` commits inside the host's own transaction. `rollback` does the same and then rolls it back.
 * - `sweep` and `audit` run with the worst ages there are: everything uncommitted is old, and every claim is stale.
 *   `sweep-by-clock` takes what is uncommitted at the time that the clock shows.
 * - `purge` makes the manifest forget all that it remembers of reclaimed content.
 * - `clock ahead` lets the clock jump.
 */
export type Operation =
  | `put ${string}`
  | 'commit'
  | 'commit-refs'
  | 'commit-ids'
  | `adopt ${string} ${string}`
  | 'transaction'
  | 'rollback'
  | 'release'
  | `delete ${string}`
  | `read ${string}`
  | 'sweep'
  | 'sweep-by-clock'
  | 'audit'
  | 'purge'
  | `clock ${ClockSetting}`

/** Somebody who does operations in order, and who can stall for any time or for ever before and after every call. */
export interface ActorPlan {
  /** A short name of letters and digits, since schedules are made of names. */
  readonly name: string
  /** The session whose attachments it works on. Sweepers have none. */
  readonly session?: string
  /** The holder in that session. By default it works on the whole session, and puts under the holder `''`. */
  readonly holder?: string
  /**
   * Actors with the same value here share one session-scoped store, as the threads of one process do. By default
   * each actor has its own, as processes do.
   */
  readonly shares?: string
  readonly does: readonly Operation[]
}

/** A process of a session that has the same name in small letters. */
export function session(name: string, operations: readonly Operation[]): ActorPlan {
  return { name, session: name.toLowerCase(), does: operations }
}

export function sweeper(name: string, ...operations: Operation[]): ActorPlan {
  return { name, does: operations }
}

/** Who does what, on what. It must be small, since the explorer goes through everything that can happen. */
export interface Plan {
  /** A name of letters, digits and dashes. */
  readonly name: string
  readonly title: string
  readonly contents: readonly string[]
  readonly actors: readonly ActorPlan[]
  /** Copies that are in the store at the start, and that the manifest does not know. */
  readonly strays?: readonly { readonly content: string; readonly generation: number }[]
  /**
   * How many calls of one schedule may fail, before they take effect or after that with their reply lost. Default
   * 0.
   */
  readonly failures?: number
  /** Whether a put looks for the bytes in one call and writes them in another, as stores do that have no better way. */
  readonly probes?: boolean
  /**
   * Whether an actor can also stall between `commitRefs` and the end of the host's transaction. Only for
   * manifests that let others go on meanwhile.
   */
  readonly holdsTransactions?: boolean
  /** What the harness must be capable of for the plan to apply. */
  readonly requires?: readonly Capability[]
}

/** The sessions of a plan, in order of their first actor. */
export function sessionsOf(plan: Plan): string[] {
  return [...new Set(plan.actors.flatMap(actor => actor.session ?? []))]
}

/** Whether the plan has an operation with this verb. */
export function does(plan: Plan, verb: string): boolean {
  return plan.actors.some(actor => actor.does.some(operation => operation.split(' ', 1)[0] === verb))
}
