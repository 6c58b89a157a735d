import type { Capability } from '../../harness.ts'

/**
 * What an actor does at one go. `x` stands for the name of a content. Sessions put, commit, release, delete and read; sweepers sweep
 * and audit.
 *
 * - `commit` is `commit()` of the session-scoped store; `commit-refs` gives the manifest the refs that this actor's puts returned;
 *   `commit-ids` gives it bare ids; `transaction` commits inside the host's own transaction, `rollback` takes that back.
 * - `sweep` and `audit` run with the worst ages there are: everything uncommitted is old, every claim is stale.
 */
export type Operation =
  | `put ${string}`
  | 'commit'
  | 'commit-refs'
  | 'commit-ids'
  | 'transaction'
  | 'rollback'
  | 'release'
  | `delete ${string}`
  | `read ${string}`
  | 'sweep'
  | 'audit'

/** One that does its operations in order, and can be held up for any time, or for ever, before and after every call. */
export interface ActorPlan {
  /** Short, of letters and digits: schedules are made of it. */
  readonly name: string
  /** Whose attachments it works on. Sweepers have none. */
  readonly session?: string
  /**
   * Actors that name the same thing here share one session-scoped store, as the threads of one process do. By default, each actor
   * has its own, as processes do.
   */
  readonly shares?: string
  readonly does: readonly Operation[]
}

/** Who does what, on what. Small: the explorer goes through everything that can happen. */
export interface Plan {
  /** Of letters, digits and dashes. */
  readonly name: string
  readonly title: string
  readonly contents: readonly string[]
  readonly actors: readonly ActorPlan[]
  /** Copies that are in the store at the start and that no manifest knows of. */
  readonly strays?: readonly { readonly content: string; readonly generation: number }[]
  /** How many calls of one schedule may fail: before they took effect, or after, with their reply lost. Default 0. */
  readonly failures?: number
  /** Looks whether the bytes are there in one call and writes them in another, as stores do that have no better way. */
  readonly probes?: boolean
  /**
   * Whether an actor can also be held up between `commitRefs` and the end of the host's transaction. Only for manifests that let others go
   * on meanwhile.
   */
  readonly holdsTransactions?: boolean
  /** What the harness must be capable of. */
  readonly requires?: readonly Capability[]
}

/** The sessions of a plan, in order of their first actor. */
export function sessionsOf(plan: Plan): string[] {
  return [...new Set(plan.actors.flatMap(actor => actor.session ?? []))]
}
