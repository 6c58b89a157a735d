import type { Random } from '@lash/attachments-conformance/explore'
import {
  AttachmentIntentExpiredError,
  type AttachmentManifest,
  type AttachmentRef,
  type AttachmentStore,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { digest, samples } from './contents.ts'
import { journal } from './journal.ts'

/** The commits that a session has heard of. */
export type Held = readonly string[]

/** The turns of one session: puts, commits, reads, releases. The journal records all of it. */
export class SessionLife {
  readonly #session: SessionScopedAttachmentStore
  readonly #random: Random
  readonly #held: Set<string>

  constructor(store: AttachmentStore, manifest: AttachmentManifest, name: string, held: Held, random: Random) {
    this.#session = new SessionScopedAttachmentStore(store, manifest, name)
    this.#held = new Set(held)
    this.#random = random
  }

  async turn(): Promise<void> {
    await this.#puts()
    if (this.#random.chance(0.9)) await this.#commit()
    if (this.#random.chance(0.5)) await this.#read()
    if (this.#held.size > 2 || this.#random.chance(0.2)) await this.#letGo()
  }

  async #puts(): Promise<void> {
    const count = 1 + this.#random.below(3)
    const meta = { mediaType: 'application/octet-stream', label: this.#session.sessionId }
    const chosen = Array.from({ length: count }, () => this.#random.pick(samples))
    const puts = chosen.map(async ({ bytes }) => {
      await this.#session.put(this.#random.chance(0.3) ? new Blob([bytes as Uint8Array<ArrayBuffer>]) : bytes, meta)
      journal(['put'])
    })
    await Promise.all(puts)
  }

  async #commit(): Promise<void> {
    const refs = this.#session.pendingRefs()
    if (refs.length === 0) return
    const name = this.#session.sessionId
    journal(['commits', name, refs.map((ref: AttachmentRef) => [ref.id, ref.generation ?? 0] as const)])
    try {
      await this.#session.commit()
    } catch (error) {
      if (!AttachmentIntentExpiredError.isInstance(error)) throw error
      journal(['refused', name])
      // The session gives the turn up. A sweep takes what it put.
      return this.#session.markManifestCommitted(refs.map(ref => ref.id))
    }
    journal(['committed', name])
    for (const { id } of refs) this.#held.add(id)
  }

  async #read(): Promise<void> {
    for (const id of this.#held) {
      const message = await lossOf(this.#session, id)
      if (message === undefined) journal(['read'])
      else journal(['lost', this.#session.sessionId, id, message])
    }
  }

  async #letGo(): Promise<void> {
    if (this.#held.size === 0) return
    const id = this.#random.pick([...this.#held])
    journal(['releases', this.#session.sessionId, [id]])
    this.#held.delete(id)
    if (this.#random.chance(0.3)) await this.#session.delete(id)
    else await this.#session.release([id])
    journal(['released', this.#session.sessionId])
  }
}

/** What is wrong with content that a session must be able to read, or undefined when it can read it. */
export async function lossOf(session: SessionScopedAttachmentStore, id: string): Promise<string | undefined> {
  try {
    const { bytes, meta } = await session.get(id)
    if (digest(bytes) !== id) return 'the bytes are others'
    return meta.label === session.sessionId ? undefined : `the metadata is that of ${meta.label}`
  } catch (error) {
    return String(error)
  }
}
