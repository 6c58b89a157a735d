import { type Crossing, inTurn, type Run, run, type Turn } from './crossing.ts'
import { brokenRules, isCrossed, isOrderOf, outcomeOf } from './judge.ts'
import type { Call, Grain } from './world/actor.ts'
import type { Ground } from './world/ground.ts'

/** What calls come to one after the other, in one order. */
interface Order {
  readonly order: readonly Turn[]
  readonly outcome: string
}

export interface Explored {
  /** Schedules, each of which was run once. */
  readonly schedules: number
  readonly steps: number
  /** Of these schedules, those in which somebody waited for a lock. */
  readonly waited: number
  /** Those whose outcome is one of the documented other ones. */
  readonly loose: number
}

/** Runs every schedule of the crossing. @throws on the first that has an outcome of no order of the calls. */
export async function explore(
  ground: Ground,
  crossing: Crossing,
  grain: Grain,
  maxSwitches = Number.POSITIVE_INFINITY,
): Promise<Explored> {
  const orders = new Orders(ground, crossing)
  const counts = { schedules: 0, steps: 0, waited: 0, loose: 0 }
  for (let schedule: string | undefined = ''; schedule !== undefined; ) {
    const done = await run(ground, crossing, schedule, grain)
    if (grain === 'writes') await ground.stalls.letAllGo()
    const judgement = await orders.judge(done)
    if (judgement.broken.length > 0) throw new Error(told(crossing, done, judgement, grain))
    counts.schedules++
    counts.steps += done.schedule.length
    if (done.trace.some(line => line.endsWith('waits'))) counts.waited++
    if (judgement.isLoose) counts.loose++
    schedule = nextSchedule(done, maxSwitches)
  }
  return counts
}

/** What happens in one schedule, told step by step. */
export async function replay(ground: Ground, crossing: Crossing, grain: Grain, schedule: string): Promise<string> {
  const done = await run(ground, crossing, schedule, grain)
  if (grain === 'writes') await ground.stalls.letAllGo()
  return told(crossing, done, await new Orders(ground, crossing).judge(done), grain)
}

/** The next one in a search in depth; undefined after the last. */
function nextSchedule({ schedule, ready }: Run, maxSwitches = Number.POSITIVE_INFINITY): string | undefined {
  for (let step = schedule.length - 1; step >= 0; step--) {
    const choices = inTurn(ready[step]!, schedule[step - 1])
    const next = choices[choices.indexOf(schedule[step]!) + 1]
    if (next === undefined) continue
    const changed = schedule.slice(0, step) + next
    if (switches(changed, ready) <= maxSwitches) return changed
  }
  return undefined
}

/** How often somebody else went on although the one before could have. */
function switches(schedule: string, ready: readonly string[]): number {
  return [...schedule].filter((name, step) => {
    const before = schedule[step - 1]
    return before !== undefined && before !== name && ready[step]!.includes(before)
  }).length
}

interface Judgement {
  readonly broken: readonly string[]
  readonly isLoose: boolean
  readonly legal: readonly string[]
}

/** Knows what the calls of a crossing come to one after the other. Each order is run when it is first asked for. */
class Orders {
  readonly #ground: Ground
  readonly #crossing: Crossing
  readonly #known = new Map<string, Promise<readonly Order[]>>()

  constructor(ground: Ground, crossing: Crossing) {
    this.#ground = ground
    this.#crossing = crossing
  }

  async judge(done: Run): Promise<Judgement> {
    const broken = brokenRules(this.#crossing, done)
    const outcome = outcomeOf(done)
    const legal: string[] = []
    for (const scripts of this.#variants(done)) {
      for (const { order, outcome: expected } of await this.#ordersOf(scripts)) {
        if (!isOrderOf(order, done)) continue
        if (expected === outcome)
          return { broken, isLoose: scripts.some(script => script.some(({ isInstead }) => isInstead)), legal }
        if (!legal.includes(expected)) legal.push(expected)
      }
    }
    return { broken: [...broken, `it is the outcome of no order of the calls: ${outcome}`], isLoose: false, legal }
  }

  /** The scripts as they are, and then with calls that may have done something else. */
  #variants(done: Run): Step[][][] {
    const choices = this.#crossing.scripts.map((script, actor) =>
      product(
        script.map((call, index) =>
          [call, ...((isCrossed(done, actor, index) && call.instead) || [])].flatMap(one =>
            (one.parts ?? [[one]]).map(parts =>
              parts.map(part => ({
                call: part,
                of: index,
                part: one.parts?.[0]?.indexOf(part) ?? 0,
                isInstead: one !== call,
              })),
            ),
          ),
        ),
      ).map(steps => steps.flat()),
    )
    return product(choices)
  }

  #ordersOf(scripts: readonly (readonly Step[])[]): Promise<readonly Order[]> {
    const key = scripts.map(script => script.map(({ call }) => call.name).join(', ')).join(' | ')
    const known = this.#known.get(key) ?? this.#runOrders(scripts)
    this.#known.set(key, known)
    return known
  }

  async #runOrders(scripts: readonly (readonly Step[])[]): Promise<readonly Order[]> {
    const crossing = { ...this.#crossing, scripts: scripts.map(script => script.map(({ call }) => call)) }
    const orders: Order[] = []
    for (let schedule: string | undefined = ''; schedule !== undefined; ) {
      const done = await run(this.#ground, crossing, schedule, 'calls')
      const order = done.spans.map(({ actor, call }) => ({ actor, call: scripts[actor]![call]!.of }))
      const results = done.results.map((given, actor) => asGiven(given, scripts[actor]!))
      orders.push({ order, outcome: outcomeOf({ ...done, results }) })
      schedule = nextSchedule(done)
    }
    return orders
  }
}

/** A call, or a part of one, in a sequential order. */
interface Step {
  readonly call: Call
  /** The call of the script that it stands for. */
  readonly of: number
  /** The how manieth of its parts. */
  readonly part: number
  /** Whether it does not do what the call does when nobody else is there. */
  readonly isInstead: boolean
}

/** The results of steps, in the order in which the calls of the script give them. */
function asGiven(results: readonly unknown[], steps: readonly Step[]): unknown[] {
  const placed = results.map((result, index) => ({ result, ...steps[index]! }))
  return placed.sort((a, b) => a.of - b.of || a.part - b.part).map(({ result }) => result)
}

function product<T>(choices: readonly (readonly T[])[]): T[][] {
  return choices.reduce<T[][]>((all, some) => all.flatMap(before => some.map(next => [...before, next])), [[]])
}

/** The name of a crossing: its scene and the script of each actor. */
export function nameOf({ scene, scripts }: Crossing): string {
  return `${scene.name}: ${scripts.map(script => script.map(({ name }) => name).join(', ')).join(' | ')}`
}

function told(crossing: Crossing, done: Run, { broken, legal }: Judgement, grain: Grain): string {
  return [
    `${nameOf(crossing)}, ${grain}, ${done.schedule}`,
    ...broken.map(text => `- ${text}`),
    ...legal.map(text => `  legal: ${text}`),
    ...done.trace.map(line => `    ${line}`),
  ].join('\n')
}
