import type { AttachmentId, AttachmentKey, OrphanClaim } from '@lash/attachments-core'

interface ContentHistory {
  /** What the manifest last said or, after a settlement, what follows from the protocol. */
  generation: number
  /** Token of the claim that stands. */
  claim: string | undefined
  /** The highest generation that anybody was given a claim to. */
  highestClaimed: number
}

/**
 * What follows from the calls that took effect and from their replies: the generation and the claim of each
 * content, which no manifest shows, and what each session was promised to find.
 */
export class History {
  readonly #contents = new Map<AttachmentId, ContentHistory>()
  /**
   * Copies that only an audit finds again if their sweeper dies: they were written after somebody was given the
   * right to delete them, or an intent that met a claim left them behind.
   */
  readonly #strays = new Set<string>()
  /** The generation of the last intent, by session and id, until something happens that could make its commit fail. */
  readonly #intents = new Map<string, { id: AttachmentId; generation: number }>()
  /** The generation for which a commit was acknowledged, by session and id, until the session releases it. */
  readonly #promises = new Map<string, { sessionId: string; id: AttachmentId; generation: number }>()

  /** Returns what is wrong with the generation, if anything is. */
  intentRecorded(sessionId: string, id: AttachmentId, generation: number): string | undefined {
    const known = this.#contents.get(id)
    this.#intents.set(`${sessionId} ${id}`, { id, generation })
    if (known?.claim !== undefined) this.strayed({ id, generation: known.generation })
    this.#contents.set(id, { generation, claim: undefined, highestClaimed: known?.highestClaimed ?? -1 })
    if (known === undefined || generation > known.highestClaimed) return undefined
    return `an intent was given generation ${generation}, which a sweeper has or had the right to delete`
  }

  /** A copy was written. */
  written({ id, generation }: AttachmentKey): void {
    if (generation <= (this.#contents.get(id)?.highestClaimed ?? -1)) this.#strays.add(`${id} ${generation}`)
  }

  /** A copy was left where no sweep looks. */
  strayed({ id, generation }: AttachmentKey): void {
    this.#strays.add(`${id} ${generation}`)
  }

  /** Whether only an audit is expected to find the copy. */
  isStray({ id, generation }: AttachmentKey): boolean {
    return this.#strays.has(`${id} ${generation}`)
  }

  /** A sweep may have dropped every uncommitted ref to these ids or, without ids, to all. */
  swept(ids: readonly AttachmentId[] | undefined): void {
    for (const [key, { id }] of this.#intents) if (ids === undefined || ids.includes(id)) this.#intents.delete(key)
  }

  /** Whether a commit of the session must succeed: nothing has happened since its intent that could make it fail. */
  isCommittable(sessionId: string, { id, generation }: AttachmentKey): boolean {
    return this.#intents.get(`${sessionId} ${id}`)?.generation === generation
  }

  claimed(claims: readonly OrphanClaim[]): void {
    for (const { attachmentId, generation, token } of claims) {
      const known = this.#contents.get(attachmentId)
      const highestClaimed = Math.max(generation, known?.highestClaimed ?? -1)
      // A copy below the content's generation is free to delete. Its claim is recorded nowhere.
      if (known !== undefined && generation < known.generation)
        this.#contents.set(attachmentId, { ...known, highestClaimed })
      else this.#contents.set(attachmentId, { generation, claim: token, highestClaimed })
    }
  }

  settled(claims: readonly OrphanClaim[]): void {
    for (const claim of claims) {
      if (!this.stands(claim)) continue
      const known = this.#contents.get(claim.attachmentId) as ContentHistory
      this.#contents.set(claim.attachmentId, { ...known, generation: known.generation + 1, claim: undefined })
    }
  }

  /** Whether the claim was neither settled, nor taken over, nor met by an intent. */
  stands({ attachmentId, token }: OrphanClaim): boolean {
    return this.#contents.get(attachmentId)?.claim === token
  }

  committed(sessionId: string, { id, generation }: AttachmentKey): void {
    this.#promises.set(`${sessionId} ${id}`, { sessionId, id, generation })
  }

  /** The session releases the ids or, without ids, everything. */
  released(sessionId: string, ids: readonly AttachmentId[] | undefined): void {
    for (const [key, { id }] of this.#intents) {
      if (key === `${sessionId} ${id}` && (ids === undefined || ids.includes(id))) this.#intents.delete(key)
    }
    for (const [key, promise] of this.#promises) {
      if (promise.sessionId === sessionId && (ids === undefined || ids.includes(promise.id))) this.#promises.delete(key)
    }
  }

  /** The generation at which the session must find the content, if that was promised. */
  promised(sessionId: string, id: AttachmentId): number | undefined {
    return this.#promises.get(`${sessionId} ${id}`)?.generation
  }

  /** Generation, claim and blobs in short, to tell states apart. */
  describe(id: AttachmentId, stored: readonly number[]): string {
    const known = this.#contents.get(id)
    if (known === undefined) return `unknown [${stored}]`
    const blobs = stored.map(generation => `${generation}${this.isStray({ id, generation }) ? ' stray' : ''}`)
    return `${known.generation}${known.claim === undefined ? '' : ' claimed'} ${known.highestClaimed} [${blobs}]`
  }
}
