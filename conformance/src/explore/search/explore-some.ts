import type { SessionFixture, SessionHarness } from '../../harness.ts'
import { checkProgress } from '../judge/invariants.ts'
import { ExplorationFailure } from '../judge/violation.ts'
import type { Plan } from '../plans/plan.ts'
import { Random } from '../plans/random.ts'
import { randomPlan } from '../plans/random-plan.ts'
import { nameOf } from '../world/choice.ts'
import { keyOf } from '../world/observation.ts'
import type { Scene } from '../world/scene.ts'
import { StepWatch } from '../world/step-watch.ts'
import { World } from '../world/world.ts'
import type { Coverage } from './coverage.ts'
import { endOfAll, patienceFor } from './replay.ts'
import { scheduleText } from './schedule.ts'
import { randomScheduler } from './scheduler.ts'

export interface SeededOptions {
  /** How many schedules to run. */
  readonly schedules: number
  /** The first seed. Each schedule has the next one. Default 1. */
  readonly seed?: number
  /** The plan of all schedules. Default: each seed decides a plan. */
  readonly plan?: Plan
  /**
   * How hosts commit in transactions of their own, in plans that seeds decide. Default: `at once` where the
   * harness has transactions. With `held`, hosts can also stall inside one.
   */
  readonly transactions?: 'none' | 'at once' | 'held'
}

/**
 * Runs schedules that seeds decide, and checks every guarantee after every step. All run on the same store and
 * manifest, each with contents and sessions of its own. This is for pairs with real input and output, and for
 * plans with too many schedules to run them all.
 * @throws ExplorationFailure with the schedule that breaks a guarantee.
 */
export async function exploreSome(harness: SessionHarness, options: SeededOptions): Promise<Coverage> {
  const { schedules, seed: first = 1, transactions = transactionsOf(harness) } = options
  const started = performance.now()
  const states = new Set<string>()
  let steps = 0
  let floor = 0
  const fixture = await harness.create()
  try {
    for (let seed = first; seed < first + schedules; seed++) {
      const plan = options.plan ?? randomPlan(seed, { transactions })
      const ran = await runOne(harness.name, fixture, plan, { seed, floor, states })
      steps += ran.steps
      floor = Math.max(floor, ran.highest)
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

interface OneOfSome {
  readonly seed: number
  /** What schedules before this one have brought the floor of the manifest to, about. */
  readonly floor: number
  /** States that were seen. */
  readonly states: Set<string>
}

async function runOne(
  pair: string,
  fixture: SessionFixture,
  plan: Plan,
  { seed, floor, states }: OneOfSome,
): Promise<{ steps: number; highest: number }> {
  const world = await World.create(plan, fixture, { label: ` ${seed}`, floor, patienceMs: patienceFor(plan) })
  const scheduler = randomScheduler(world, new Random(seed))
  const path: string[] = []
  const judge = ({ violation, trace }: Scene) => {
    if (violation !== undefined) throw new ExplorationFailure(pair, violation, scheduleText(plan, path), trace)
  }
  const watch = await StepWatch.begin(world)
  for (;;) {
    const choice = scheduler(await world.choicesOnceSettled())
    if (choice === undefined) break
    path.push(nameOf(choice))
    const seen = await watch.step(choice)
    judge(world.scene)
    if (seen !== undefined) states.add(`${plan.name} ${keyOf(world, seen)}`)
  }
  world.scene.note(() => endOfAll)
  await checkProgress(world)
  judge(world.scene)
  return { steps: path.length, highest: world.scene.history.contents.highest }
}
