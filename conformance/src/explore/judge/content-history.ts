import type { AttachmentId, AttachmentKey, OrphanClaim } from '@lash/attachments-core'

/** What no manifest shows of some content. */
interface KnownContent {
  /** What the manifest last said or, after a settlement, what follows from the protocol. */
  readonly generation: number
  /** The token of the claim that stands, and when it was made. */
  readonly claim?: { readonly token: string; readonly at: number } | undefined
  /** When the content was reclaimed, if nobody refers to it since. */
  readonly reclaimedAt?: number | undefined
  /** Whether its generations were forgotten since. Then it starts at the floor again. */
  readonly isPurged?: boolean
  /** The highest generation that anybody was given a claim to. */
  readonly highestClaimed: number
}

/** What follows from the calls that took effect for each content: its generation, its claim, and what a purge does. */
export class ContentHistory {
  readonly #contents = new Map<AttachmentId, KnownContent>()
  /**
   * Copies that only an audit finds again if their sweeper dies: they were written after somebody was given the
   * right to delete them, or an intent that met a claim left them behind.
   */
  readonly #strays = new Set<string>()
  readonly #now: () => number
  #floor = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** Returns what is wrong with the generation, if anything is. */
  intentRecorded(id: AttachmentId, generation: number): string | undefined {
    const known = this.#contents.get(id)
    if (known?.claim !== undefined) this.strayed({ id, generation: known.generation })
    this.#contents.set(id, { generation, highestClaimed: known?.highestClaimed ?? -1 })
    if (known === undefined || generation > known.highestClaimed) return undefined
    return `an intent was given generation ${generation}, which a sweeper has or had the right to delete`
  }

  /** A copy was written. */
  written({ id, generation }: AttachmentKey): void {
    if (generation <= (this.#contents.get(id)?.highestClaimed ?? -1)) this.strayed({ id, generation })
  }

  /** A copy was left where no sweep looks. */
  strayed({ id, generation }: AttachmentKey): void {
    this.#strays.add(`${id} ${generation}`)
  }

  /** Whether only an audit is expected to find the copy. */
  isStray({ id, generation }: AttachmentKey): boolean {
    return this.#strays.has(`${id} ${generation}`)
  }

  claimed(claims: readonly OrphanClaim[]): void {
    for (const { attachmentId: id, generation, token } of claims) {
      const known = this.#contents.get(id)
      const highestClaimed = Math.max(generation, known?.highestClaimed ?? -1)
      // A copy below the content's generation is free to delete. Its claim is recorded nowhere.
      const isFree = generation < (known === undefined || known.isPurged ? this.#floor : known.generation)
      if (!isFree) this.#contents.set(id, { generation, claim: { token, at: this.#now() }, highestClaimed })
      else if (known !== undefined) this.#contents.set(id, { ...known, highestClaimed })
      else this.#contents.set(id, { generation, isPurged: true, highestClaimed })
    }
  }

  settled(claims: readonly OrphanClaim[]): void {
    for (const claim of claims) {
      const known = this.#contents.get(claim.attachmentId)
      if (known === undefined || !this.stands(claim)) continue
      const generation = known.generation + 1
      const { highestClaimed } = known
      this.#contents.set(claim.attachmentId, { generation, reclaimedAt: this.#now(), highestClaimed })
    }
    this.purged(this.#now())
  }

  /** Forgets what was reclaimed at an earlier time: clocks jump further than any manifest remembers. */
  purged(now: number): void {
    for (const [id, known] of this.#contents) {
      if (known.reclaimedAt === undefined || known.reclaimedAt >= now) continue
      this.#floor = Math.max(this.#floor, known.generation)
      this.#contents.set(id, { generation: known.generation, isPurged: true, highestClaimed: known.highestClaimed })
    }
  }

  /** Whether the claim was neither settled, nor taken over, nor met by an intent. */
  stands({ attachmentId, token }: OrphanClaim): boolean {
    return this.#contents.get(attachmentId)?.claim?.token === token
  }

  /** The highest generation that anybody was given. */
  get highest(): number {
    return Math.max(0, ...[...this.#contents.values()].map(known => known.generation))
  }

  /** In short, to tell states apart. */
  get floor(): number {
    return this.#floor
  }

  /** Generation, claim and blobs in short, to tell states apart. */
  describe(id: AttachmentId, stored: readonly number[]): string {
    const known = this.#contents.get(id)
    const blobs = stored.map(generation => `${generation}${this.isStray({ id, generation }) ? ' stray' : ''}`)
    if (known === undefined) return `unknown [${blobs}]`
    const { generation, claim, reclaimedAt, highestClaimed } = known
    const state = claim === undefined ? (reclaimedAt ?? '') : `claimed ${claim.at}`
    return `${known.isPurged ? 'purged' : generation} ${state} ${highestClaimed} [${blobs}]`
  }
}
