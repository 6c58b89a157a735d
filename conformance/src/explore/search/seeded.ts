import type { SessionFixture, SessionHarness } from '../../harness.ts'
import { checkProgress } from '../judge/invariants.ts'
import { ExplorationFailure } from '../judge/violation.ts'
import type { Plan } from '../plans/plan.ts'
import { Random } from '../plans/random.ts'
import { randomPlan } from '../plans/random-plan.ts'
import { nameOf } from '../world/choice.ts'
import { keyOf } from '../world/observation.ts'
import { StepWatch } from '../world/step-watch.ts'
import { World } from '../world/world.ts'
import type { Coverage } from './coverage.ts'
import { patienceFor } from './replay.ts'
import { scheduleText } from './schedule.ts'
import { randomScheduler } from './scheduler.ts'

export interface SeededOptions {
  /** How many schedules. */
  readonly schedules: number
  /** The first seed; each schedule has the next one. Default 1. */
  readonly seed?: number
  /** The plan of all of them. Default: one that each seed decides. */
  readonly plan?: Plan
  /**
   * How the hosts of plans that seeds decide commit in transactions of their own. Default: `at once` where the harness has them, `held` only
   * when asked for.
   */
  readonly transactions?: 'none' | 'at once' | 'held'
}

/**
 * Runs schedules that seeds decide, one after the other on the same store and manifest, each with contents and sessions of its own, and
 * checks every guarantee after every step. For pairs with real input and output, and for plans that are too big to be gone through.
 * @throws ExplorationFailure with the schedule that breaks a guarantee.
 */
export async function exploreSome(harness: SessionHarness, options: SeededOptions): Promise<Coverage> {
  const { schedules, seed: first = 1, transactions = transactionsOf(harness) } = options
  const started = performance.now()
  const states = new Set<string>()
  let steps = 0
  const fixture = await harness.create()
  try {
    for (let seed = first; seed < first + schedules; seed++) {
      const plan = options.plan ?? randomPlan(seed, { transactions })
      steps += await runOne(harness.name, fixture, plan, seed, states)
    }
  } finally {
    await fixture.dispose()
  }
  const seconds = (performance.now() - started) / 1000
  const { name } = options.plan ?? { name: 'chosen at random' }
  return { plan: name, pair: harness.name, kind: 'some', schedules, states: states.size, steps, seconds }
}

function transactionsOf(harness: SessionHarness): 'none' | 'at once' {
  return harness.capabilities.includes('transaction') ? 'at once' : 'none'
}

async function runOne(
  pair: string,
  fixture: SessionFixture,
  plan: Plan,
  seed: number,
  states: Set<string>,
): Promise<number> {
  const world = await World.create(plan, fixture, { label: ` ${seed}`, patienceMs: patienceFor(plan) })
  const scheduler = randomScheduler(world, new Random(seed))
  const path: string[] = []
  const judge = () => {
    if (world.violation !== undefined) {
      throw new ExplorationFailure(pair, world.violation, scheduleText(plan, path), world.trace)
    }
  }
  const watch = await StepWatch.begin(world)
  for (;;) {
    const choice = scheduler(await world.choicesOnceSettled())
    if (choice === undefined) break
    path.push(nameOf(choice))
    const seen = await watch.step(choice)
    judge()
    if (seen !== undefined) states.add(`${plan.name} ${keyOf(world, seen)}`)
  }
  world.note(() => 'everybody stops for ever; then sweeps and audits')
  await checkProgress(world)
  judge()
  return path.length
}
