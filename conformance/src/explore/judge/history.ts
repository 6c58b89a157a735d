import type { AttachmentId, AttachmentKey, OrphanClaim } from '@lash/attachments-core'
import { type Hold, nameOfHold } from '../world/hold.ts'
import { ContentHistory } from './content-history.ts'

/** What a holder was told, when its commit succeeded, that it would find. */
export interface Promised {
  readonly generation: number
  /** The label of its ref at that time. */
  readonly label: string | undefined
}

/** What one holder has of one content. */
interface HoldHistory {
  readonly hold: Hold
  readonly id: AttachmentId
  /** Whether it may have a live ref. */
  mayBeLive: boolean
  /** How many intents it has recorded. */
  intents: number
  /** Labels that its intents had. */
  readonly labels: Set<string | undefined>
  /** The generation of the last intent, until something happens that could make its commit fail. */
  committable: number | undefined
  /** Until the holder releases it. */
  promised: Promised | undefined
}

/**
 * What follows from the calls that took effect and from their replies: what each holder was promised to find, and what
 * the manifest does not show of each content.
 */
export class History {
  readonly #holds = new Map<string, HoldHistory>()
  readonly contents: ContentHistory

  constructor(now: () => number) {
    this.contents = new ContentHistory(now)
  }

  /** Returns what is wrong with the generation, if anything is. */
  intentRecorded(hold: Hold, id: AttachmentId, generation: number, label: string | undefined): string | undefined {
    const held = this.#held(hold, id)
    held.mayBeLive = true
    held.intents++
    held.labels.add(label)
    held.committable = generation
    return this.contents.intentRecorded(id, generation)
  }

  /** A sweep may have dropped every uncommitted ref to these ids or, without ids, to all. */
  swept(ids: readonly AttachmentId[] | undefined): void {
    for (const held of this.#holds.values()) {
      if (ids === undefined || ids.includes(held.id)) held.committable = undefined
    }
  }

  /** Whether a commit of the holder must succeed: nothing has happened since its intent that could make it fail. */
  isCommittable(hold: Hold, { id, generation }: AttachmentKey): boolean {
    return this.#held(hold, id).committable === generation
  }

  /** To commit again promises nothing new. */
  committed(hold: Hold, id: AttachmentId, promised: Promised): void {
    const held = this.#held(hold, id)
    if (held.promised?.generation !== promised.generation) held.promised = promised
  }

  /** The holder or, without one, every holder of the session releases the ids or, without ids, everything. */
  released(sessionId: string, ids: readonly AttachmentId[] | undefined, holder: string | undefined): void {
    for (const held of this.#heldBy(sessionId, ids, holder)) {
      held.mayBeLive = false
      held.committable = undefined
      held.promised = undefined
    }
  }

  /** As {@link released}, but of what is not committed. The promises stand. */
  withdrawn(sessionId: string, ids: readonly AttachmentId[] | undefined, holder: string | undefined): void {
    for (const held of this.#heldBy(sessionId, ids, holder)) held.committable = undefined
  }

  #heldBy(sessionId: string, ids: readonly AttachmentId[] | undefined, holder: string | undefined): HoldHistory[] {
    return [...this.#holds.values()].filter(
      ({ hold, id }) =>
        hold.sessionId === sessionId &&
        (holder === undefined || hold.holder === holder) &&
        (ids === undefined || ids.includes(id)),
    )
  }

  /** What the holder must find, if anything. */
  promised(hold: Hold, id: AttachmentId): Promised | undefined {
    return this.#held(hold, id).promised
  }

  /** Whether the holder has ever said that about the content. */
  hasSaid(hold: Hold, id: AttachmentId, label: string | undefined): boolean {
    return this.#held(hold, id).labels.has(label)
  }

  /** From now on, watches whether the session may have a live ref to the content at some time. */
  watchHolding(sessionId: string, id: AttachmentId): () => boolean {
    const ofSession = () =>
      [...this.#holds.values()].filter(held => held.hold.sessionId === sessionId && held.id === id)
    const intents = () => ofSession().reduce((sum, held) => sum + held.intents, 0)
    const [mayBeLive, before] = [ofSession().some(held => held.mayBeLive), intents()]
    return () => mayBeLive || intents() > before
  }

  claimed(claims: readonly OrphanClaim[]): void {
    this.contents.claimed(claims)
  }

  #held(hold: Hold, id: AttachmentId): HoldHistory {
    const key = `${nameOfHold(hold)} ${id}`
    const known = this.#holds.get(key)
    if (known !== undefined) return known
    const labels = new Set<string | undefined>()
    const held = { hold, id, mayBeLive: false, intents: 0, labels, committable: undefined, promised: undefined }
    this.#holds.set(key, held)
    return held
  }
}
