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
 * What follows from the calls that took effect and from their replies: of each content, its generation and its claim, which no
 * manifest shows; and of each session, what it was promised to find.
 */
export class History {
  readonly #contents = new Map<AttachmentId, ContentHistory>()
  /** Generation that a commit was acknowledged for, by session and id, until the session lets go of it. */
  readonly #promises = new Map<string, { sessionId: string; id: AttachmentId; generation: number }>()

  /** Returns what is wrong with it, if anything is. */
  intentRecorded(id: AttachmentId, generation: number): string | undefined {
    const known = this.#contents.get(id)
    this.#contents.set(id, { generation, claim: undefined, highestClaimed: known?.highestClaimed ?? -1 })
    if (known === undefined || generation > known.highestClaimed) return undefined
    return `an intent was given generation ${generation}, which a sweeper has, or had, the right to delete`
  }

  claimed(claims: readonly OrphanClaim[]): void {
    for (const { attachmentId, generation, token } of claims) {
      const known = this.#contents.get(attachmentId)
      const highestClaimed = Math.max(generation, known?.highestClaimed ?? -1)
      // A copy below the content's generation is free to delete, and its token stands nowhere.
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

  /** The session lets go of the ids, or of everything. */
  released(sessionId: string, ids: readonly AttachmentId[] | undefined): void {
    for (const [key, promise] of this.#promises) {
      if (promise.sessionId === sessionId && (ids === undefined || ids.includes(promise.id))) this.#promises.delete(key)
    }
  }

  /** The generation at which the session must find the content, if it was promised to. */
  promised(sessionId: string, id: AttachmentId): number | undefined {
    return this.#promises.get(`${sessionId} ${id}`)?.generation
  }

  /** Generation and whether there is a claim, in short, to tell states apart. */
  describe(id: AttachmentId): string {
    const known = this.#contents.get(id)
    if (known === undefined) return 'unknown'
    return `${known.generation}${known.claim === undefined ? '' : ' claimed'} ${known.highestClaimed}`
  }
}
