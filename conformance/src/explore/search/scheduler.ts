import type { Random } from '../plans/random.ts'
import type { Choice } from '../world/choice.ts'
import type { World } from '../world/world.ts'

/** Decides who goes on next. Returns undefined when all who are left have stopped for ever. */
export type Scheduler = (choices: readonly Choice[]) => Choice | undefined

/**
 * One of two kinds of scheduler. With the first, anybody may go on at any time. With the second, every actor has
 * a rank, the first one goes on for as long as it can, and now and then it falls to the last place: this finds
 * losses for which one actor must sleep through most of what the others do. With both, some actors stop for ever
 * and some calls fail.
 */
export function randomScheduler(world: World, random: Random): Scheduler {
  const ranks = new Map(world.actors.map(actor => [actor.plan.name, random.next()]))
  const lives = new Map(world.actors.map(actor => [actor.plan.name, random.chance(0.12) ? random.below(8) : Infinity]))
  const ranked = random.chance(0.5)
  return choices => {
    const possible = choices.filter(({ actor }) => (lives.get(actor.plan.name) as number) > 0)
    const rank = ({ actor }: Choice) => ranks.get(actor.plan.name) as number
    const calm = possible.filter(choice => choice.outcome === 'go')
    const first = ranked ? calm.toSorted((a, b) => rank(a) - rank(b))[0] : undefined
    const chosen = first ?? (calm.length > 0 ? random.pick(calm) : undefined)
    if (chosen === undefined) return undefined
    const { name } = chosen.actor.plan
    if (ranked && random.chance(0.12)) ranks.set(name, 1 + random.next())
    lives.set(name, (lives.get(name) as number) - 1)
    const failing = possible.find(choice => choice.actor === chosen.actor && choice.outcome === 'fail')
    return failing !== undefined && random.chance(0.1) ? failing : chosen
  }
}
