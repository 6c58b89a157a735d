import type { Actor, Outcome } from './actor.ts'

/** Who there is to choose from. */
interface Cast {
  readonly actors: readonly Actor[]
  /** How many failures the scheduler may still make. */
  readonly failuresLeft: number
}

/** What the scheduler can do next: let one actor go on, or fail. */
export interface Choice {
  readonly actor: Actor
  readonly outcome: Outcome
}

/**
 * What can happen next. When an actor waits with a reply that only itself can see, this offers that actor alone:
 * what it does until its next call commutes with everything that the others do, so other orders lead to the same
 * states.
 */
export function choicesOf(cast: Cast): Choice[] {
  const waiting = cast.actors.filter(actor => actor.waits)
  const alone = waiting.find(actor => actor.stop?.phase === 'after' && actor.plan.shares === undefined)
  return (alone === undefined ? waiting : [alone]).flatMap(actor => outcomesOf(cast, actor))
}

function outcomesOf(cast: Cast, actor: Actor): Choice[] {
  const goes: Choice = { actor, outcome: 'go' }
  if (cast.failuresLeft === 0 || actor.stop?.phase === 'start') return [goes]
  return [goes, { actor, outcome: 'fail' }]
}

/** A choice as a schedule writes it: the actor's name, with `!` when its call fails. */
export function nameOf({ actor, outcome }: Choice): string {
  return outcome === 'go' ? actor.plan.name : `${actor.plan.name}!`
}

/** The choice that a name in a schedule stands for, or undefined when it cannot be made now. */
export function choiceNamed(cast: Cast, name: string): Choice | undefined {
  const outcome = name.endsWith('!') ? 'fail' : 'go'
  const actorName = outcome === 'fail' ? name.slice(0, -1) : name
  const actor = cast.actors.find(one => one.plan.name === actorName)
  return actor?.waits ? { actor, outcome } : undefined
}
