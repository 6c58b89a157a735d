import type { SessionHarness } from '../../harness.ts'
import { checkProgress, checkState, checkStep } from '../judge/invariants.ts'
import type { Plan } from '../plans/plan.ts'
import { type Choice, choiceNamed, nameOf } from '../world/choice.ts'
import { keyOf, type Observation, observe } from '../world/observation.ts'
import { World } from '../world/world.ts'
import type { Coverage } from './coverage.ts'
import { explain } from './replay.ts'

export interface SystematicOptions {
  /** Gives up, with an error, when there are more states. Default 2,000,000. */
  readonly maxStates?: number
  /**
   * `depth` is faster; `breadth` meets shorter schedules first. Default `depth`; a failure is then looked for again by breadth, so that the
   * shortest one is reported.
   */
  readonly order?: 'depth' | 'breadth'
}

/** A schedule to run. */
interface Branch {
  /** The choices that lead to a state. */
  readonly path: readonly string[]
  /** What was seen before the last of them. */
  readonly before?: Observation
  /** The state that it leads to, when it is known and all actors are to stop there for ever. */
  readonly stopsIn?: string
}

/**
 * Goes through every schedule of a plan: each state that can be reached is reached, each step from it is taken once, and in each all actors
 * are stopped for ever once. A state is known again by what can be seen of it, so schedules that lead to the same are followed once.
 * Each run begins afresh; real code cannot be put back into an earlier state.
 *
 * Give a harness whose fixtures are cheap and whose calls all settle without waiting for one another.
 * @throws ExplorationFailure with the shortest schedule that breaks a guarantee.
 */
export async function exploreAll(
  harness: SessionHarness,
  plan: Plan,
  options: SystematicOptions = {},
): Promise<Coverage> {
  const exploration = new Exploration(harness, plan, options)
  return exploration.run()
}

class Exploration {
  readonly #harness: SessionHarness
  readonly #plan: Plan
  readonly #options: SystematicOptions
  readonly #states = new Set<string>()
  /** States in which all actors have stopped for ever once. */
  readonly #stopped = new Set<string>()
  readonly #branches: Branch[] = [{ path: [] }]
  /** For the end: most states are reached a second time, and their actors can be stopped there then. */
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
    // Refused commits are errors by the hundred thousand, of which nobody reads the stacks.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    try {
      for (let branch = this.#take(); branch !== undefined; branch = this.#take()) await this.#follow(branch)
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
    const seconds = (performance.now() - started) / 1000
    const { plan, pair } = { plan: this.#plan.name, pair: this.#harness.name }
    return {
      plan,
      pair,
      kind: 'all',
      schedules: this.#schedules,
      states: this.#states.size,
      steps: this.#steps,
      seconds,
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

  /** Everybody stops for ever. */
  async #stop(world: World, path: string[], state: string): Promise<void> {
    if (!this.#stopped.has(state)) await checkProgress(world)
    this.#stopped.add(state)
    await this.#judge(world, path)
  }

  /** From a state that may be new, on to a state that is not, or to the end. */
  async #explore(world: World, path: string[], last: Choice | undefined, seen: Observation | undefined): Promise<void> {
    let before = seen
    for (;;) {
      const now = await observe(world)
      if (last !== undefined && before !== undefined) checkStep(world, last.actor, before, now)
      const key = keyOf(world, now)
      const isKnown = this.#states.has(key)
      this.#states.add(key)
      if (!isKnown) await checkState(world, now)
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
    if (world.violation === undefined) return
    if (this.#options.order !== 'breadth')
      await exploreAll(this.#harness, this.#plan, { ...this.#options, order: 'breadth' })
    throw await explain(this.#harness, this.#plan, path)
  }
}
