import type { SessionFixture, SessionHarness } from '../../harness.ts'
import { checkProgress } from '../judge/invariants.ts'
import { ExplorationFailure, type Violation } from '../judge/violation.ts'
import type { Plan } from '../plans/plan.ts'
import { choiceNamed } from '../world/choice.ts'
import { StepWatch } from '../world/step-watch.ts'
import { World, type WorldOptions } from '../world/world.ts'
import { scheduleText } from './schedule.ts'

/** The line of a trace that stands before the check for progress. */
export const endOfAll = 'everybody stops for ever; then sweeps and audits'

export interface Replayed {
  readonly violation: Violation | undefined
  /** What happened, a line per call. */
  readonly trace: readonly string[]
}

/** Runs a schedule and checks every guarantee after every step. Then it stops all actors for ever, and sweeps. */
export async function replay(
  fixture: SessionFixture,
  plan: Plan,
  choices: readonly string[],
  options: WorldOptions = {},
): Promise<Replayed> {
  const world = await World.create(plan, fixture, { patienceMs: patienceFor(plan), ...options })
  const watch = await StepWatch.begin(world)
  const { scene } = world
  for (const name of choices) {
    await world.choicesOnceSettled()
    const choice = choiceNamed(world, name)
    if (choice === undefined) throw new Error(`${name} cannot go on after:\n${scene.trace.join('\n')}`)
    await watch.step(choice)
    if (scene.violation !== undefined) break
  }
  if (scene.violation === undefined) {
    scene.note(() => endOfAll)
    await checkProgress(world)
  }
  return { violation: scene.violation, trace: scene.trace }
}

/** How long to wait for a step: an actor with an open transaction may hold up others, whose steps then do not end. */
export function patienceFor(plan: Plan): number | undefined {
  return plan.holdsTransactions ? 1000 : undefined
}

/** The failure that a schedule ends in, with its trace. */
export async function explain(harness: SessionHarness, plan: Plan, path: readonly string[]): Promise<Error> {
  const fixture = await harness.create()
  try {
    const { violation, trace } = await replay(fixture, plan, path)
    const schedule = scheduleText(plan, path)
    if (violation === undefined) return new Error(`a failure that does not happen again: ${schedule}`)
    return new ExplorationFailure(harness.name, violation, schedule, trace)
  } finally {
    await fixture.dispose()
  }
}
