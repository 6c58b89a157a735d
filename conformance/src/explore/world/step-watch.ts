import { checkState, checkStep } from '../judge/invariants.ts'
import type { Choice } from './choice.ts'
import { type Observation, observe } from './observation.ts'
import type { World } from './world.ts'

/** Looks at the scene after each step that may have changed something, and checks every guarantee. */
export class StepWatch {
  readonly #world: World
  /** What was seen last. Undefined when somebody may have done something since, unseen. */
  #before: Observation | undefined

  private constructor(world: World, before: Observation) {
    this.#world = world
    this.#before = before
  }

  static async begin(world: World): Promise<StepWatch> {
    return new StepWatch(world, await observe(world.scene))
  }

  /** Takes the step. What is wrong becomes the scene's violation. Returns what it saw, if it looked. */
  async step(choice: Choice): Promise<Observation | undefined> {
    const world = this.#world
    const changes = choice.outcome === 'go' && choice.actor.stop?.changes
    await world.step(choice)
    if (world.isHeldUp()) {
      // The actor that is held up may finish between two looks.
      this.#before = undefined
      return undefined
    }
    if (!changes && this.#before !== undefined) return undefined
    const now = await observe(world.scene)
    if (this.#before !== undefined) checkStep(world, choice.actor, this.#before, now)
    await checkState(world.scene, now)
    this.#before = now
    return now
  }
}
