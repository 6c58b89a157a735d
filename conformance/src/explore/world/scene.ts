import {
  type AttachmentId,
  type AttachmentManifest,
  type AttachmentRef,
  type AttachmentStore,
  contentId,
} from '@lash/attachments-core'
import type { HostTransaction, SessionFixture } from '../../harness.ts'
import type { Violation, ViolationKind } from '../judge/violation.ts'
import { type Plan, sessionsOf } from '../plans/plan.ts'
import { History } from './history.ts'

export interface Content {
  readonly name: string
  readonly id: AttachmentId
  readonly bytes: Uint8Array
}

export interface SceneOptions {
  /** Tells apart the contents and sessions of scenes that share a store. */
  readonly label?: string
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
  readonly history: History = new History()
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
    this.#label = options.label ?? ''
    this.#traces = options.traces ?? true
    this.contents = plan.contents.map(name => {
      const bytes = new TextEncoder().encode(`content ${name} ${this.#label}`)
      return { name, id: contentId(bytes), bytes }
    })
    for (const { id, name } of this.contents) this.#names.set(id, name)
    this.sessions = sessionsOf(plan).map(name => this.sessionId(name))
  }

  sessionId(name: string): string {
    return `${name}${this.#label}`
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

  describeRef(ref: AttachmentRef | AttachmentId): string {
    return typeof ref === 'string' ? this.nameOf(ref) : `${this.nameOf(ref.id)}@${ref.generation ?? 0}`
  }
}
