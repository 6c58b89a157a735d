import {
  type AttachmentId,
  type AttachmentManifest,
  type AttachmentRef,
  type AttachmentStore,
  contentId,
  type OrphanClaim,
} from '@lash/attachments-core'
import type { HostTransaction, SessionFixture } from '../../harness.ts'
import { History } from '../judge/history.ts'
import type { Violation, ViolationKind } from '../judge/violation.ts'
import { type ActorPlan, type Plan, sessionsOf } from '../plans/plan.ts'
import { SceneClock } from './clock.ts'
import { type Hold, nameOfHold } from './hold.ts'

export interface Content {
  readonly name: string
  readonly id: AttachmentId
  readonly bytes: Uint8Array
}

export interface SceneOptions {
  /** Tells apart the contents and sessions of scenes that share a store. */
  readonly label?: string
  /** About where unknown content starts: strays have their generations from there. Default 0. */
  readonly floor?: number
  /** Whether to keep a readable line of every call. Default true. */
  readonly traces?: boolean
}

/**
 * Where a plan is played: a store and a manifest, the contents and the sessions. It knows what has happened so
 * far, and the first thing that went wrong.
 */
export class Scene {
  readonly plan: Plan
  readonly store: AttachmentStore
  readonly manifest: AttachmentManifest
  readonly fixture: SessionFixture
  readonly contents: readonly Content[]
  readonly sessions: readonly string[]
  /** Everybody who can hold content. */
  readonly holds: readonly Hold[]
  readonly floor: number
  readonly clock: SceneClock
  readonly history: History
  /** Readable lines of what happened. */
  readonly trace: string[] = []
  /** The first thing that went wrong. */
  violation: Violation | undefined
  /** The open transactions of the host. */
  readonly transactions: Set<HostTransaction> = new Set()
  readonly #names = new Map<AttachmentId, string>()
  readonly #label: string
  readonly #traces: boolean

  constructor(plan: Plan, fixture: SessionFixture, options: SceneOptions) {
    this.plan = plan
    this.fixture = fixture
    this.store = fixture.store
    this.manifest = fixture.manifest
    this.floor = options.floor ?? 0
    this.clock = new SceneClock(fixture)
    this.history = new History(this.clock.now)
    this.#label = options.label ?? ''
    this.#traces = options.traces ?? true
    this.contents = plan.contents.map(name => {
      const bytes = new TextEncoder().encode(`content ${name} ${this.#label}`)
      return { name, id: contentId(bytes), bytes }
    })
    for (const { id, name } of this.contents) this.#names.set(id, name)
    this.sessions = sessionsOf(plan).map(name => this.sessionId(name))
    const holds = plan.actors.flatMap(actor => this.holdOf(actor) ?? [])
    this.holds = [...new Map(holds.map(hold => [nameOfHold(hold), hold])).values()]
  }

  sessionId(name: string): string {
    return `${name}${this.#label}`
  }

  /** Undefined for a sweeper. */
  holdOf({ session, holder = '' }: ActorPlan): Hold | undefined {
    return session === undefined ? undefined : { sessionId: this.sessionId(session), holder }
  }

  note(line: () => string): void {
    if (this.#traces) this.trace.push(line())
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

  describeClaims(claims: readonly OrphanClaim[]): string {
    return claims.map(claim => `${this.nameOf(claim.attachmentId)}@${claim.generation}`).join(', ')
  }

  describeRef(ref: AttachmentRef | AttachmentId): string {
    return typeof ref === 'string' ? this.nameOf(ref) : `${this.nameOf(ref.id)}@${ref.generation ?? 0}`
  }
}
