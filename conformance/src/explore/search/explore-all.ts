import type { SessionHarness } from '../../harness.ts'
import { checkProgress, checkState, checkStep } from '../judge/invariants.ts'
import type { Plan } from '../plans/plan.ts'
import { type Choice, choiceNamed, nameOf } from '../world/choice.ts'
import { keyOf, type Observation, observe } from '../world/observation.ts'
import { World } from '../world/world.ts'
import type { Coverage } from './coverage.ts'
import { explain } from './replay.ts'

export interface SystematicOptions {
  /** Gives up with an error when there are more states. Default 2,000,000. */
  readonly maxStates?: number
  /**
   * `depth` is faster, `breadth` meets shorter schedules first. Default `depth`. When it finds a failure, the
   * search is repeated by breadth, so that the shortest schedule is reported.
   */
  readonly order?: 'depth' | 'breadth'
}

/** A schedule to run. */
interface Branch {
  /** The choices that lead to a state. */
  readonly path: readonly string[]
  /** What was seen before the last of them. */
  readonly before?: Observation
  /** The state that it leads to, when all actors are to stop there for ever. */
  readonly stopsIn?: string
}

/**
 * Goes through every schedule of a plan: it reaches each state that can be reached, takes each step from there
 * once, and once stops all actors there for ever. It recognises a state by what can be seen of it, so schedules
 * that lead to the same state are followed once. Each run begins afresh, since real code cannot be put back into
 * an earlier state.
 *
 * Give a harness whose fixtures are cheap and whose calls all settle without waiting for one another.
 * @throws ExplorationFailure with the shortest schedule that breaks a guarantee.
 */
export function exploreAll(harness: SessionHarness, plan: Plan, options: SystematicOptions = {}): Promise<Coverage> {
  return new Exploration(harness, plan, options).run()
}

class Exploration {
  readonly #harness: SessionHarness
  readonly #plan: Plan
  readonly #options: SystematicOptions
  readonly #states = new Set<string>()
  /** States in which all actors have been stopped for ever. */
  readonly #stopped = new Set<string>()
  readonly #branches: Branch[] = [{ path: [] }]
  /** Left for the end: most states are reached a second time, and then their actors can be stopped there. */
  readonly #stops: Branch[] = []
  #next = 0
  #schedules = 0
  #steps = 0

  constructor(harness: SessionHarness, plan: Plan, options: SystematicOptions) {
    this.#harness = harness
    this.#plan = plan
    this.#options = options
  }

  async run(): Promise<Coverage> {
    const started = performance.now()
    // Refused commits are errors by the hundred thousand, and nobody reads their stacks.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    try {
      for (let branch = this.#take(); branch !== undefined; branch = this.#take()) await this.#follow(branch)
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
    return {
      plan: this.#plan.name,
      pair: this.#harness.name,
      kind: 'all',
      schedules: this.#schedules,
      states: this.#states.size,
      steps: this.#steps,
      seconds: (performance.now() - started) / 1000,
    }
  }

  #take(): Branch | undefined {
    if (this.#options.order !== 'breadth') return this.#branches.pop() ?? this.#stops.pop()
    return this.#branches[this.#next++] ?? this.#stops.shift()
  }

  async #follow(branch: Branch): Promise<void> {
    if (branch.stopsIn !== undefined && this.#stopped.has(branch.stopsIn)) return
    this.#schedules++
    const fixture = await this.#harness.create()
    const world = await World.create(this.#plan, fixture, { traces: false })
    const path = [...branch.path]
    let last: Choice | undefined
    for (const name of path) {
      last = choiceNamed(world, name) as Choice
      await this.#step(world, last)
    }
    if (branch.stopsIn === undefined) await this.#explore(world, path, last, branch.before)
    else await this.#stop(world, path, branch.stopsIn)
    await fixture.dispose()
  }

  /** All actors stop for ever. */
  async #stop(world: World, path: string[], state: string): Promise<void> {
    if (!this.#stopped.has(state)) await checkProgress(world)
    this.#stopped.add(state)
    await this.#judge(world, path)
  }

  /** Goes on from a state until it comes to a known state, or to the end. */
  async #explore(world: World, path: string[], last: Choice | undefined, seen: Observation | undefined): Promise<void> {
    let before = seen
    for (;;) {
      const now = await observe(world.scene)
      if (last !== undefined && before !== undefined) checkStep(world, last.actor, before, now)
      const key = keyOf(world, now)
      const isKnown = this.#states.has(key)
      this.#states.add(key)
      if (!isKnown) await checkState(world.scene, now)
      await this.#judge(world, path)
      if (isKnown) return this.#stop(world, path, key)
      if (this.#states.size > (this.#options.maxStates ?? 2_000_000))
        throw new Error(`${this.#plan.name} has too many states`)

      const choices = world.choices()
      const [first, ...others] = choices
      if (first === undefined) return this.#stop(world, path, key)
      const breadth = this.#options.order === 'breadth'
      this.#stops.push({ path: [...path], stopsIn: key })
      for (const choice of breadth ? choices : others)
        this.#branches.push({ path: [...path, nameOf(choice)], before: now })
      if (breadth) return
      path.push(nameOf(first))
      await this.#step(world, first)
      last = first
      before = now
    }
  }

  async #step(world: World, choice: Choice): Promise<void> {
    this.#steps++
    await world.step(choice)
  }

  async #judge(world: World, path: readonly string[]): Promise<void> {
    if (world.scene.violation === undefined) return
    if (this.#options.order !== 'breadth')
      await exploreAll(this.#harness, this.#plan, { ...this.#options, order: 'breadth' })
    throw await explain(this.#harness, this.#plan, path)
  }
}
