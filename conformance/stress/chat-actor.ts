import type { Random } from '@lash/attachments-conformance/explore'
import {
  AttachmentIntentExpiredError,
  AttachmentNotFoundError,
  contentId,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { pause, repeated } from './server-failures.ts'
import type { World } from './session-actor.ts'

/** A sweep without grace takes many an adoption before it is committed. */
const adoptionTries = 20

/**
 * A chat: attaches to drafts, sends them as messages, deletes messages, and is forked. It always knows what each of its
 * holders must be able to read.
 */
export class ChatActor {
  readonly #world: World
  readonly #random: Random
  readonly #id: string
  /** By session and holder. */
  readonly #held = new Map<string, { view: SessionScopedAttachmentStore; ids: Set<string> }>()
  #turn = 0

  constructor(world: World, random: Random, id: string) {
    this.#world = world
    this.#random = random
    this.#id = id
  }

  async run(): Promise<void> {
    while (!this.#world.over()) {
      this.#turn++
      await this.#send()
      if (this.#random.chance(0.15)) await this.#fork()
      await this.#verify()
      const holders = [...this.#held.values()]
      for (const { view } of this.#random.some(holders, Math.max(0, holders.length - 5))) await this.#release(view)
      await pause(this.#random.below(8))
    }
  }

  async end(): Promise<void> {
    await this.#verify()
    for (const { view } of this.#held.values()) await this.#release(view)
    // What a broken put left.
    for (const id of [this.#id, `fork of ${this.#id}`]) await this.#repeat(() => this.#world.manifest.releaseRefs(id))
  }

  async #send(): Promise<void> {
    const draft = this.#view(this.#id, `draft:${this.#turn}`)
    for (const bytes of this.#random.some(this.#world.contents, 1 + this.#random.below(3))) {
      const put = () => draft.put(bytes, { mediaType: 'application/octet-stream', label: this.#id })
      if ((await this.#repeat(put, 1)) !== undefined) this.#world.tally.count('puts')
    }
    if (!(await this.#commit(draft))) return
    this.#world.tally.count('drafts')
    await pause(this.#random.below(20))
    if (this.#random.chance(0.2)) return
    const message = this.#view(this.#id, `message:${this.#turn}`)
    if (await this.#adopt(message, draft, this.#idsOf(draft))) await this.#release(draft)
  }

  /** The fork is given everything that the chat holds. Now and then it ends. */
  async #fork(): Promise<void> {
    const fork = this.#view(`fork of ${this.#id}`, '')
    const whole = new SessionScopedAttachmentStore(this.#world.store, this.#world.manifest, this.#id)
    const ofChat = [...this.#held.values()].filter(({ view }) => view.sessionId === this.#id)
    const ids = [...new Set(ofChat.flatMap(({ ids }) => [...ids]))]
    if (await this.#adopt(fork, whole, ids)) this.#world.tally.count('forks')
    if (this.#random.chance(0.5)) await this.#release(fork)
  }

  async #adopt(
    view: SessionScopedAttachmentStore,
    from: SessionScopedAttachmentStore,
    ids: readonly string[],
  ): Promise<boolean> {
    const refs = ids.map(id => ({ id, byteLength: 0, mediaType: 'made/up' }))
    for (let tries = 0; tries < adoptionTries && refs.length > 0; tries++) {
      try {
        await this.#repeat(() => view.adopt(refs, from))
      } catch (error) {
        if (!AttachmentNotFoundError.isInstance(error)) throw error
        this.#world.tally.violation('committed refs unreadable', `${error.id} of ${from.sessionId}, when adopted`)
        return false
      }
      if (!(await this.#commit(view))) continue
      this.#world.tally.count('adoptions', refs.length)
      return true
    }
    return false
  }

  async #commit(view: SessionScopedAttachmentStore): Promise<boolean> {
    const refs = view.pendingRefs()
    const { tally } = this.#world
    try {
      await this.#repeat(() => this.#view(view.sessionId, view.holder ?? '').commit({ refs }))
      tally.count('commits')
    } catch (error) {
      if (!AttachmentIntentExpiredError.isInstance(error)) throw error
      tally.count('commits refused (put again)')
      return false
    } finally {
      view.markManifestCommitted(refs.map(({ id }) => id))
    }
    for (const { id } of refs) {
      this.#hold(view).add(id)
      await this.#mustRead(view, id, 'committed on missing bytes')
    }
    return true
  }

  async #verify(): Promise<void> {
    for (const { view, ids } of this.#held.values()) {
      for (const id of ids) await this.#mustRead(view, id, 'committed refs unreadable')
    }
  }

  async #mustRead(
    view: SessionScopedAttachmentStore,
    id: string,
    kind: 'committed refs unreadable' | 'committed on missing bytes',
  ): Promise<void> {
    const { tally } = this.#world
    const name = `${id} of ${nameOf(view)}`
    try {
      const found = await this.#repeat(() => view.get(id))
      if (found === undefined || contentId(found.bytes) !== id) tally.violation(kind, name)
      else if (found.meta.label !== this.#id)
        tally.violation('other violations', `${name} is called ${found.meta.label}`)
      else tally.count('committed refs read and verified')
    } catch (error) {
      if (!AttachmentNotFoundError.isInstance(error)) throw error
      tally.violation(kind, name)
    }
  }

  async #release(view: SessionScopedAttachmentStore): Promise<void> {
    this.#held.delete(nameOf(view))
    await this.#repeat(() => view.release())
    this.#world.tally.count('releases')
  }

  #hold(view: SessionScopedAttachmentStore): Set<string> {
    const held = this.#held.get(nameOf(view)) ?? { view, ids: new Set() }
    this.#held.set(nameOf(view), held)
    return held.ids
  }

  #idsOf(view: SessionScopedAttachmentStore): string[] {
    return [...(this.#held.get(nameOf(view))?.ids ?? [])]
  }

  #view(sessionId: string, holder: string): SessionScopedAttachmentStore {
    return new SessionScopedAttachmentStore(this.#world.store, this.#world.manifest, sessionId, { holder })
  }

  #repeat<T>(call: () => Promise<T>, attempts?: number): Promise<T | undefined> {
    return repeated(this.#world.tally, call, attempts)
  }
}

function nameOf({ sessionId, holder }: SessionScopedAttachmentStore): string {
  return `${sessionId}/${holder}`
}
