import { checkState, checkStep } from '../judge/invariants.ts'
import type { Choice } from './choice.ts'
import { type Observation, observe } from './observation.ts'
import type { World } from './world.ts'

/** Looks at a world after each step that may have changed something, and checks every guarantee. */
export class StepWatch {
  readonly #world: World
  /** What was seen last; undefined when somebody may have done something unseen since. */
  #before: Observation | undefined

  private constructor(world: World, before: Observation) {
    this.#world = world
    this.#before = before
  }

  static async begin(world: World): Promise<StepWatch> {
    return new StepWatch(world, await observe(world))
  }

  /** Takes the step. What it finds wrong is `world.violation`; returns what it saw, when it looked. */
  async step(choice: Choice): Promise<Observation | undefined> {
    const world = this.#world
    const changes = choice.outcome === 'go' && choice.actor.stop?.changes
    await world.step(choice)
    if (world.isHeldUp()) {
      // The one that is held up may get to its end between two looks.
      this.#before = undefined
      return undefined
    }
    if (!changes && this.#before !== undefined) return undefined
    const now = await observe(world)
    if (this.#before !== undefined) checkStep(world, choice.actor, this.#before, now)
    await checkState(world, now)
    this.#before = now
    return now
  }
}
