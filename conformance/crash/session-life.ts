import type { Random } from '@lash/attachments-conformance/explore'
import {
  AttachmentIntentExpiredError,
  AttachmentNotFoundError,
  type AttachmentRef,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { digest, samples } from './contents.ts'
import { forkOf, holdName, holdParts, originOf, viewOf } from './hold-names.ts'
import { journal } from './journal.ts'
import type { OpenPair } from './pair.ts'

/** The commits that the holders of a session, and of its fork, have heard of: ids by the name of the hold. */
export type Held = Readonly<Record<string, readonly string[]>>

type Halves = Pick<OpenPair, 'store' | 'manifest'>

/** A sweep without grace takes many an adoption before it is committed. */
const adoptionTries = 10

/**
 * The turns of one session: puts, commits, reads, releases, drafts that become messages, and a fork. The journal
 * records all of it.
 */
export class SessionLife {
  readonly #pair: Halves
  readonly #name: string
  readonly #random: Random
  readonly #held: Map<string, Set<string>>

  constructor(pair: Halves, name: string, held: Held, random: Random) {
    this.#pair = pair
    this.#name = name
    this.#held = new Map(Object.entries(held).map(([hold, ids]) => [hold, new Set(ids)]))
    this.#random = random
  }

  async turn(): Promise<void> {
    const view = await this.#puts(this.#name, 3)
    if (this.#random.chance(0.9)) await this.#commit(view)
    if (this.#random.chance(0.5)) await this.#send()
    if (this.#random.chance(0.2)) await this.#fork()
    if (this.#random.chance(0.5)) await this.#read()
    const count = [...this.#held.values()].reduce((sum, ids) => sum + ids.size, 0)
    for (let over = count; over > 6; over--) await this.#letGo()
    if (this.#random.chance(0.2)) await this.#letGo()
  }

  /** Puts up to so many samples, all at once, in a view of its own, as a request does. */
  async #puts(hold: string, most: number): Promise<SessionScopedAttachmentStore> {
    const view = viewOf(this.#pair, hold)
    const meta = { mediaType: 'application/octet-stream', label: this.#name }
    const chosen = Array.from({ length: 1 + this.#random.below(most) }, () => this.#random.pick(samples))
    const puts = chosen.map(async ({ bytes }) => {
      await view.put(this.#random.chance(0.3) ? new Blob([bytes as Uint8Array<ArrayBuffer>]) : bytes, meta)
      journal(['put'])
    })
    await Promise.all(puts)
    return view
  }

  /** Attaches to a draft, and sends a message of it. Some drafts are left. */
  async #send(): Promise<void> {
    const draft = holdName(this.#name, `draft:${this.#random.below(2)}`)
    if (!(await this.#commit(await this.#puts(draft, 2)))) return
    journal(['drafted'])
    if (this.#random.chance(0.2)) return
    const message = viewOf(this.#pair, holdName(this.#name, `message:${this.#random.below(4)}`))
    if (await this.#adopts(message, viewOf(this.#pair, draft), this.#idsOf(draft))) await this.#release(draft)
  }

  /** Gives the fork everything that the session holds. It may then end at once. */
  async #fork(): Promise<void> {
    const { store, manifest } = this.#pair
    const fork = viewOf(this.#pair, forkOf(this.#name))
    const held = [...this.#held.keys()].filter(hold => holdParts(hold).sessionId === this.#name)
    const ids = [...new Set(held.flatMap(hold => this.#idsOf(hold)))]
    const whole = new SessionScopedAttachmentStore(store, manifest, this.#name)
    if (!(await this.#adopts(fork, whole, ids))) return
    journal(['forked'])
    if (this.#random.chance(0.5)) await this.#release(forkOf(this.#name))
  }

  /** Adopts what the source holds and has committed, until a commit of it gets through. */
  async #adopts(
    view: SessionScopedAttachmentStore,
    from: SessionScopedAttachmentStore,
    ids: readonly string[],
  ): Promise<boolean> {
    if (ids.length === 0) return false
    const refs = ids.map(id => ({ id, byteLength: 0, mediaType: 'made/up' }))
    for (let tries = 0; tries < adoptionTries; tries++) {
      try {
        await view.adopt(refs, from)
      } catch (error) {
        if (!AttachmentNotFoundError.isInstance(error)) throw error
        journal(['lost', from.sessionId, error.id ?? '', `committed, and cannot be adopted: ${error}`])
        return false
      }
      if (await this.#commit(view)) {
        journal(['adopted', ids.length])
        return true
      }
    }
    return false
  }

  /** Commits what is pending in a view: through this view or, as when each request has its own, through another. */
  async #commit(view: SessionScopedAttachmentStore): Promise<boolean> {
    const refs = view.pendingRefs()
    if (refs.length === 0) return true
    const hold = holdName(view.sessionId, view.holder ?? '')
    journal(['commits', hold, refs.map((ref: AttachmentRef) => [ref.id, ref.generation ?? 0] as const)])
    try {
      if (this.#random.chance(0.5)) await view.commit()
      else await viewOf(this.#pair, hold).commit({ refs })
    } catch (error) {
      if (!AttachmentIntentExpiredError.isInstance(error)) throw error
      journal(['refused', hold])
      // The session gives the turn up. A sweep takes what it put.
      view.markManifestCommitted(refs.map(ref => ref.id))
      return false
    }
    journal(['committed', hold])
    view.markManifestCommitted(refs.map(ref => ref.id))
    const held = this.#held.get(hold) ?? new Set()
    this.#held.set(hold, held)
    for (const { id } of refs) held.add(id)
    return true
  }

  async #read(): Promise<void> {
    for (const [hold, ids] of this.#held) {
      const view = viewOf(this.#pair, hold)
      for (const id of ids) {
        const message = await lossOf(view, id)
        if (message === undefined) journal(['read'])
        else journal(['lost', hold, id, message])
      }
    }
  }

  async #letGo(): Promise<void> {
    if (this.#held.size === 0) return
    const hold = this.#random.pick([...this.#held.keys()])
    if (this.#random.chance(0.4)) return this.#release(hold)
    const id = this.#random.pick(this.#idsOf(hold))
    const view = viewOf(this.#pair, hold)
    await this.#lettingGo(hold, [id], () => (this.#random.chance(0.3) ? view.delete(id) : view.release([id])))
  }

  /** Releases everything of a hold. */
  #release(hold: string): Promise<void> {
    return this.#lettingGo(hold, this.#idsOf(hold), () => viewOf(this.#pair, hold).release())
  }

  async #lettingGo(hold: string, ids: readonly string[], release: () => Promise<void>): Promise<void> {
    journal(['releases', hold, ids])
    for (const id of ids) this.#held.get(hold)?.delete(id)
    if (this.#held.get(hold)?.size === 0) this.#held.delete(hold)
    await release()
    journal(['released', hold])
  }

  #idsOf(hold: string): string[] {
    return [...(this.#held.get(hold) ?? [])]
  }
}

/** What is wrong with content that a holder must be able to read, or undefined when it can read it. */
export async function lossOf(view: SessionScopedAttachmentStore, id: string): Promise<string | undefined> {
  try {
    const { bytes, meta } = await view.get(id)
    if (digest(bytes) !== id) return 'the bytes are others'
    if (meta.label !== originOf(view.sessionId)) return `the metadata is that of ${meta.label}`
    const ref = await view.ref(id)
    return ref?.byteLength === bytes.byteLength ? undefined : `the manifest says ${ref?.byteLength} bytes`
  } catch (error) {
    return String(error)
  }
}
