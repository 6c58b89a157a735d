import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
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
  /** How long a step may take before its actor counts as held up by another one, in milliseconds. Default: for ever. */
  readonly patienceMs?: number | undefined
}

/** One run of a plan: the actors, each at a stop, on their scene. */
export class World {
  readonly scene: Scene
  readonly actors: readonly Actor[]
  /** What each actor works with: its own session-scoped store, or the one that it shares. */
  readonly tools: ReadonlyMap<Actor, ActorTools>
  /** How many failures the scheduler may still make. */
  failuresLeft: number
  readonly #calling = new AsyncLocalStorage<Actor>()
  readonly #patienceMs: number | undefined

  private constructor(plan: Plan, fixture: SessionFixture, options: WorldOptions) {
    this.scene = new Scene(plan, fixture, options)
    this.failuresLeft = plan.failures ?? 0
    this.#patienceMs = options.patienceMs
    this.actors = plan.actors.map(one => new Actor(one, this.failuresLeft > 0 || isShared(one)))
    this.tools = this.#toolsOfAll()
  }

  /** Brings every actor to its first stop. */
  static async create(plan: Plan, fixture: SessionFixture, options: WorldOptions = {}): Promise<World> {
    const world = new World(plan, fixture, options)
    const { scene } = world
    for (const { content, generation } of plan.strays ?? []) {
      const { id, bytes } = scene.content(content)
      const key = { id, generation: scene.floor + generation }
      scene.history.contents.strayed(key)
      await scene.store.put(bytes, { mediaType: 'text/plain', label: 'stray' }, { generation: key.generation })
    }
    for (const actor of world.actors) await actor.run(() => void world.#live(actor))
    return world
  }

  choices(): Choice[] {
    return choicesOf(this)
  }

  /** Lets the actor go on until it stops again. */
  async step({ actor, outcome }: Choice): Promise<void> {
    const { scene } = this
    if (outcome === 'fail') {
      this.failuresLeft--
      const how = actor.stop?.phase === 'before' ? 'fails' : 'loses its reply'
      scene.note(() => `${actor.plan.name}: ${actor.stop?.what} ${how}`)
    }
    const open = scene.transactions.size
    await this.#patiently(actor.goOn(outcome))
    // The actors that the transaction held up go on now. The next step must not overlap with that.
    if (scene.transactions.size < open) await this.#settled()
  }

  /** As {@link choices}. But when nobody can go on before an actor that is held up, this waits for that actor. */
  async choicesOnceSettled(): Promise<Choice[]> {
    for (let waits = 0; waits < 10; waits++) {
      const choices = this.choices()
      if (choices.length > 0 || !this.isHeldUp()) return choices
      await this.#settled()
    }
    this.scene.blame('deadlock', 'nobody can go on, and somebody has not finished')
    return []
  }

  /**
   * Whether some actor is held up by one that has stopped, such as one with an open transaction. Its call may
   * take effect at any time.
   */
  isHeldUp(): boolean {
    return this.actors.some(actor => !actor.waits && !actor.finished)
  }

  /** Ends what only a living host would end. */
  async abandon(): Promise<void> {
    const { transactions } = this.scene
    for (const transaction of transactions) await transaction.rollback().catch(() => {})
    transactions.clear()
    // The actors that they held up go on to their next stops, and stay there.
    await this.#settled()
  }

  #toolsOfAll(): Map<Actor, ActorTools> {
    const shared = new Map<string, SessionScopedAttachmentStore>()
    const toolsOf = (actor: Actor): ActorTools => {
      const gate = this.#gateOf(actor)
      const store = new GatedStore(this.scene, gate)
      const manifest = new GatedManifest(this.scene, gate)
      const { session: name, holder, shares } = actor.plan
      if (name === undefined) return { actor, gate, store, manifest, session: undefined, refs: new Map() }
      const key = shares ?? `own of ${actor.plan.name}`
      const session =
        shared.get(key) ??
        new SessionScopedAttachmentStore(store, manifest, this.scene.sessionId(name), {
          holder,
          now: this.scene.clock.now,
        })
      shared.set(key, session)
      return { actor, gate, store, manifest, session, refs: new Map() }
    }
    return new Map(this.actors.map(actor => [actor, toolsOf(actor)]))
  }

  #gateOf(actor: Actor): Gate {
    const tookEffect = (who: Actor, what: string, answer: () => string) =>
      this.scene.note(() => `${who.plan.name}: ${what} -> ${answer()}`)
    if (!isShared(actor.plan)) return { actor: () => actor, tookEffect }
    return { actor: () => this.#calling.getStore() ?? actor, tookEffect }
  }

  async #live(actor: Actor): Promise<void> {
    const tools = this.tools.get(actor) as ActorTools
    for (const operation of actor.plan.does) {
      if (isShared(actor.plan)) {
        await this.#calling.run(actor, async () => {
          // When others share the session-scoped store, it matters when an operation begins.
          await actor.stopAt({ phase: 'start', what: operation, changes: false })
          await perform(this.scene, tools, operation)
        })
      } else await perform(this.scene, tools, operation)
      actor.operation++
      actor.replies = []
    }
    actor.finish()
  }

  /**
   * Waits for an actor's arrival, but not for ever: an actor that another one holds up arrives when that one has
   * gone on.
   */
  async #patiently(arrival: Promise<void>): Promise<void> {
    if (this.#patienceMs === undefined) return arrival
    const stop = new AbortController()
    const patience = pause(this.#patienceMs, undefined, { signal: stop.signal }).catch(() => {})
    await Promise.race([arrival, patience])
    stop.abort()
  }

  /** Waits until nobody is held up any more, but not for ever: another transaction may be open. */
  async #settled(): Promise<void> {
    const patienceMs = this.#patienceMs ?? 0
    for (let waited = 0; waited < patienceMs && this.isHeldUp(); waited += 5) await pause(5)
  }
}

function isShared(plan: ActorPlan): boolean {
  return plan.shares !== undefined
}
