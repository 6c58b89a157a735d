import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type AttachmentId,
  AttachmentIntentExpiredError,
  type AttachmentManifest,
  type AttachmentRef,
  type AttachmentStore,
  contentId,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type { HostTransaction, SessionFixture } from '../harness.ts'
import { Actor } from './actor.ts'
import { type Choice, choicesOf } from './choice.ts'
import type { Gate } from './gate.ts'
import { GatedManifest } from './gated-manifest.ts'
import { GatedStore } from './gated-store.ts'
import { History } from './history.ts'
import { perform, type Workplace } from './operations.ts'
import { type ActorPlan, type Plan, sessionsOf } from './plan.ts'
import type { Violation, ViolationKind } from './violation.ts'

export interface Content {
  readonly name: string
  readonly id: AttachmentId
  readonly bytes: Uint8Array
}

export interface WorldOptions {
  /** Makes the contents and sessions of worlds differ that share a store. */
  readonly label?: string
  /** Keeps a readable line of every call. Default true. */
  readonly traces?: boolean
  /** How long a step may take before its actor counts as waiting for another one, in milliseconds. Default: for ever. */
  readonly patienceMs?: number | undefined
}

/** One run of a plan over one store and manifest: the actors at their stops, and what has happened so far. */
export class World {
  readonly plan: Plan
  readonly store: AttachmentStore
  readonly manifest: AttachmentManifest
  readonly fixture: SessionFixture
  readonly contents: readonly Content[]
  readonly sessions: readonly string[]
  readonly history: History = new History()
  readonly actors: readonly Actor[]
  /** Each actor's own session-scoped store, or the one it shares. */
  readonly workplaces: ReadonlyMap<Actor, Workplace>
  /** Readable lines of what happened. */
  readonly trace: string[] = []
  /** How many failures the scheduler may still make. */
  failuresLeft: number
  /** The first thing that went wrong. */
  violation: Violation | undefined
  /** Transactions of the host that are open. */
  readonly transactions: Set<HostTransaction> = new Set()
  readonly #names = new Map<AttachmentId, string>()
  readonly #calling = new AsyncLocalStorage<Actor>()
  readonly #options: WorldOptions

  private constructor(plan: Plan, fixture: SessionFixture, options: WorldOptions) {
    this.plan = plan
    this.fixture = fixture
    this.store = fixture.store
    this.manifest = fixture.manifest
    this.failuresLeft = plan.failures ?? 0
    this.#options = options
    const { label = '' } = options
    this.contents = plan.contents.map(name => {
      const bytes = new TextEncoder().encode(`content ${name} ${label}`)
      return { name, id: contentId(bytes), bytes }
    })
    for (const { id, name } of this.contents) this.#names.set(id, name)
    this.sessions = sessionsOf(plan).map(name => this.#sessionId(name))
    this.actors = plan.actors.map(one => new Actor(one, this.failuresLeft > 0 || one.shares !== undefined))
    this.workplaces = this.#workplaces()
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

  #sessionId(name: string): string {
    return `${name}${this.#options.label ?? ''}`
  }

  #workplaces(): Map<Actor, Workplace> {
    const shared = new Map<string, SessionScopedAttachmentStore>()
    const workplaceOf = (actor: Actor): Workplace => {
      const gate = this.#gateOf(actor)
      const store = new GatedStore(this, gate)
      const manifest = new GatedManifest(this, gate)
      const { session: name, shares } = actor.plan
      if (name === undefined) return { actor, gate, store, manifest, session: undefined, refs: new Map() }
      const key = shares ?? `own of ${actor.plan.name}`
      const session =
        shared.get(key) ??
        new SessionScopedAttachmentStore(store, manifest, this.#sessionId(name), { now: () => 1_000_000 })
      shared.set(key, session)
      return { actor, gate, store, manifest, session, refs: new Map() }
    }
    return new Map(this.actors.map(actor => [actor, workplaceOf(actor)]))
  }

  #gateOf(actor: Actor): Gate {
    const took = (who: Actor, what: string, answer: () => string) =>
      this.note(() => `${who.plan.name}: ${what} -> ${answer()}`)
    if (!isShared(actor.plan)) return { actor: () => actor, took }
    return { actor: () => this.#calling.getStore() ?? actor, took }
  }

  async #live(actor: Actor): Promise<void> {
    const workplace = this.workplaces.get(actor) as Workplace
    for (const operation of actor.plan.does) {
      // Where another actor shares the session-scoped store, the time at which an operation begins matters.
      const work = async () => {
        if (isShared(actor.plan)) await actor.stopAt({ phase: 'start', what: operation, changes: false })
        await perform(this, workplace, operation)
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
    const { patienceMs } = this.#options
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
    const { patienceMs = 0 } = this.#options
    for (let waited = 0; waited < patienceMs && this.isHeldUp(); waited += 5) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  note(line: () => string): void {
    if (this.#options.traces ?? true) this.trace.push(line())
  }

  blame(kind: ViolationKind, text: string): void {
    this.violation ??= { kind, text }
  }

  content(name: string): Content {
    const found = this.contents.find(content => content.name === name)
    if (found === undefined) throw new Error(`the plan ${this.plan.name} has no content ${name}`)
    return found
  }

  nameOf(id: AttachmentId): string {
    return this.#names.get(id) ?? id.slice(0, 8)
  }

  describeRef(ref: AttachmentRef | AttachmentId): string {
    return typeof ref === 'string' ? this.nameOf(ref) : `${this.nameOf(ref.id)}@${ref.generation ?? 0}`
  }

  /** Takes down what a commit that took effect promises. */
  async promise(sessionId: string, refs: readonly (AttachmentRef | AttachmentId)[]): Promise<void> {
    for (const ref of refs) {
      const id = typeof ref === 'string' ? ref : ref.id
      const exact = typeof ref === 'string' ? undefined : (ref.generation ?? 0)
      const generation = exact ?? (await this.manifest.lookup(sessionId, id))?.generation ?? 0
      this.history.committed(sessionId, { id, generation })
      const present = await this.store.stat(id, { generation })
      if (present === undefined) {
        this.blame(
          'dangling commit',
          `${sessionId} committed ${this.nameOf(id)}@${generation}, which is not in the store`,
        )
      }
    }
  }

  /** Checks that a commit was refused for a reason. */
  refused(sessionId: string, refs: readonly (AttachmentRef | AttachmentId)[], error: unknown): void {
    if (!AttachmentIntentExpiredError.isInstance(error)) return
    const isFine = (ref: AttachmentRef | AttachmentId) =>
      typeof ref !== 'string' && this.history.isCommittable(sessionId, { id: ref.id, generation: ref.generation ?? 0 })
    if (!refs.every(isFine)) return
    const names = refs.map(ref => this.describeRef(ref)).join(', ')
    this.blame('needless refusal', `${sessionId} may not commit ${names}, though no sweep ran since it put it`)
  }

  /** Checks that no live ref names what is about to be deleted. */
  async aboutToDelete(id: AttachmentId, generation: number | undefined): Promise<void> {
    for (const sessionId of this.sessions) {
      const entry = await this.manifest.lookup(sessionId, id)
      if (entry === undefined || entry.releasedAtEpochMs !== undefined) continue
      if (generation !== undefined && entry.generation !== generation) continue
      const name = `${this.nameOf(id)}${generation === undefined ? '' : `@${generation}`}`
      this.blame('generation reused', `${name} is deleted while ${sessionId} holds a live ref to it`)
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
