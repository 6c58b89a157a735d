import { AsyncLocalStorage } from 'node:async_hooks'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { SessionFixture } from '../../harness.ts'
import type { ActorPlan, Plan } from '../plans/plan.ts'
import { Actor } from './actor.ts'
import { type Choice, choicesOf } from './choice.ts'
import type { Gate } from './gate.ts'
import { GatedManifest } from './gated-manifest.ts'
import { GatedStore } from './gated-store.ts'
import { type ActorTools, perform } from './operations.ts'
import { Scene, type SceneOptions } from './scene.ts'

export interface WorldOptions extends SceneOptions {
  /** How long a step may take before its actor counts as waiting for another one, in milliseconds. Default: for ever. */
  readonly patienceMs?: number | undefined
}

/** One run of a plan: the actors at their stops, on their scene. */
export class World extends Scene {
  readonly actors: readonly Actor[]
  /** What each actor works with: its own session-scoped store, or the one it shares. */
  readonly tools: ReadonlyMap<Actor, ActorTools>
  /** How many failures the scheduler may still make. */
  failuresLeft: number
  readonly #calling = new AsyncLocalStorage<Actor>()
  readonly #patienceMs: number | undefined

  private constructor(plan: Plan, fixture: SessionFixture, options: WorldOptions) {
    super(plan, fixture, options)
    this.failuresLeft = plan.failures ?? 0
    this.#patienceMs = options.patienceMs
    this.actors = plan.actors.map(one => new Actor(one, this.failuresLeft > 0 || one.shares !== undefined))
    this.tools = this.#toolsOfAll()
  }

  /** Every actor at its first stop. */
  static async create(plan: Plan, fixture: SessionFixture, options: WorldOptions = {}): Promise<World> {
    const world = new World(plan, fixture, options)
    for (const { content, generation } of plan.strays ?? []) {
      const { id, bytes } = world.content(content)
      world.history.strayed({ id, generation })
      await world.store.put(bytes, { mediaType: 'text/plain', label: 'stray' }, { generation })
    }
    for (const actor of world.actors) await actor.run(() => void world.#live(actor))
    return world
  }

  #toolsOfAll(): Map<Actor, ActorTools> {
    const shared = new Map<string, SessionScopedAttachmentStore>()
    const toolsOf = (actor: Actor): ActorTools => {
      const gate = this.#gateOf(actor)
      const store = new GatedStore(this, gate)
      const manifest = new GatedManifest(this, gate)
      const { session: name, shares } = actor.plan
      if (name === undefined) return { actor, gate, store, manifest, session: undefined, refs: new Map() }
      const key = shares ?? `own of ${actor.plan.name}`
      const session =
        shared.get(key) ??
        new SessionScopedAttachmentStore(store, manifest, this.sessionId(name), { now: () => 1_000_000 })
      shared.set(key, session)
      return { actor, gate, store, manifest, session, refs: new Map() }
    }
    return new Map(this.actors.map(actor => [actor, toolsOf(actor)]))
  }

  #gateOf(actor: Actor): Gate {
    const took = (who: Actor, what: string, answer: () => string) =>
      this.note(() => `${who.plan.name}: ${what} -> ${answer()}`)
    if (!isShared(actor.plan)) return { actor: () => actor, took }
    return { actor: () => this.#calling.getStore() ?? actor, took }
  }

  async #live(actor: Actor): Promise<void> {
    const tools = this.tools.get(actor) as ActorTools
    for (const operation of actor.plan.does) {
      // Where another actor shares the session-scoped store, the time at which an operation begins matters.
      const work = async () => {
        if (isShared(actor.plan)) await actor.stopAt({ phase: 'start', what: operation, changes: false })
        await perform(this, tools, operation)
      }
      await (isShared(actor.plan) ? this.#calling.run(actor, work) : work())
      actor.operation++
      actor.replies = []
    }
    actor.finish()
  }

  choices(): Choice[] {
    return choicesOf(this)
  }

  /** Lets the actor go on until it stops again. */
  async step({ actor, outcome }: Choice): Promise<void> {
    if (outcome === 'fail') {
      this.failuresLeft--
      const how = actor.stop?.phase === 'before' ? 'fails' : 'loses its reply'
      this.note(() => `${actor.plan.name}: ${actor.stop?.what} ${how}`)
    }
    const open = this.transactions.size
    await this.#patiently(actor.goOn(outcome))
    // Whom the transaction held up goes on now; the next step must not overlap with that.
    if (this.transactions.size < open) await this.#settled()
  }

  /** As {@link choices}, but when everybody waits for an actor that another one holds up, waits for that too. */
  async choicesOnceSettled(): Promise<Choice[]> {
    for (let waits = 0; waits < 10; waits++) {
      const choices = this.choices()
      if (choices.length > 0 || !this.isHeldUp()) return choices
      await this.#settled()
    }
    this.blame('deadlock', 'nobody can go on, and somebody has not finished')
    return []
  }

  /** Whether somebody waits for an actor that has stopped, such as one with a transaction open. What it does may take effect at any time. */
  isHeldUp(): boolean {
    return this.actors.some(actor => !actor.waits && !actor.finished)
  }

  /** An actor that another one holds up does not arrive before that one goes on; it is left to arrive when it can. */
  async #patiently(arrival: Promise<void>): Promise<void> {
    const patienceMs = this.#patienceMs
    if (patienceMs === undefined) return arrival
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>(resolve => {
      timer = setTimeout(resolve, patienceMs)
    })
    await Promise.race([arrival, patience])
    clearTimeout(timer)
  }

  /** Waits until nobody is held up any more, but not for ever: another transaction may be open. */
  async #settled(): Promise<void> {
    const patienceMs = this.#patienceMs ?? 0
    for (let waited = 0; waited < patienceMs && this.isHeldUp(); waited += 5) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  /** Ends what only a living host would end. */
  async abandon(): Promise<void> {
    for (const transaction of this.transactions) await transaction.rollback().catch(() => {})
    this.transactions.clear()
    // Whom they held up goes on to its next stop, and stays there.
    await this.#settled()
  }
}

function isShared(plan: ActorPlan): boolean {
  return plan.shares !== undefined
}
