import type { Plan } from '../plans/plan.ts'
import { plans } from '../plans/plans.ts'
import { randomPlan } from '../plans/random-plan.ts'

/**
 * A run as text: the plan's name, then who went on at each step. `A!` means that the call of A failed or lost its
 * reply.
 */
export function scheduleText(plan: Plan, choices: readonly string[]): string {
  return `${plan.name}: ${choices.join(' ')}`
}

/**
 * The run that a text stands for.
 * @throws Error when the text is not a schedule, or its plan is unknown.
 */
export function parseSchedule(text: string, known: readonly Plan[] = plans): { plan: Plan; choices: string[] } {
  const match = /^\s*([a-z0-9-]+):((?:\s+[A-Za-z0-9]+!?)*)\s*$/.exec(text)
  if (match === null) throw new Error(`not a schedule: ${text}`)
  return {
    plan: planNamed(match[1] as string, known),
    choices: (match[2] as string).split(/\s+/).filter(name => name !== ''),
  }
}

/** @throws Error when there is no such plan. */
export function planNamed(name: string, known: readonly Plan[] = plans): Plan {
  const random = /^random-([th]?)([0-9]+)$/.exec(name)
  if (random !== null) {
    const transactions = random[1] === 't' ? 'at once' : random[1] === 'h' ? 'held' : 'none'
    return randomPlan(Number(random[2]), { transactions })
  }
  const plan = known.find(one => one.name === name)
  if (plan === undefined)
    throw new Error(`there is no plan ${name}; there are ${known.map(one => one.name).join(', ')}`)
  return plan
}
