import type { AttachmentId } from '../content/id.ts'
import type { AttachmentRef } from '../content/meta.ts'

/** A put or an adoption that is under way. */
export interface PendingPut {
  readonly id: AttachmentId
  /** Of its intent. Infinity until it is known: an intent that fails may have been recorded. */
  generation: number
  /** Set when the bytes are stored. */
  ref?: AttachmentRef | undefined
}

interface PendingEntry {
  /** Puts of this content in flight. */
  inFlight: number
  /** The highest generation of the puts that are over. */
  generation: number
  /** The ref of the successful put at the highest generation. */
  ref?: AttachmentRef | undefined
}

/**
 * What a holder has put or adopted and its host has not yet committed.
 *
 * A ref has its generation, so to commit it is exact whatever else happens. A bare id stands for the holder's last
 * intent. It is offered only while that is the intent of a successful put: not while another put of the same content is
 * in flight, and not after a put that failed at another generation.
 */
export class PendingAttachments {
  readonly #entries = new Map<AttachmentId, PendingEntry>()

  /** {@link end} must follow. */
  begin(id: AttachmentId): PendingPut {
    const entry = this.#entries.get(id) ?? { inFlight: 0, generation: 0 }
    this.#entries.set(id, entry)
    entry.inFlight++
    return { id, generation: Number.POSITIVE_INFINITY }
  }

  end({ id, generation, ref }: PendingPut): void {
    const entry = this.#entries.get(id) as PendingEntry
    entry.inFlight--
    entry.generation = Math.max(entry.generation, generation)
    if (ref !== undefined && generation >= (entry.ref?.generation ?? 0)) entry.ref = { ...ref }
    this.#keep(id, entry)
  }

  refs(): AttachmentRef[] {
    return [...this.#entries.values()].flatMap(({ ref }) => ref ?? [])
  }

  bareIds(): AttachmentId[] {
    return [...this.#entries].flatMap(([id, { inFlight, generation, ref }]) =>
      // With none in flight, there is a ref.
      inFlight === 0 && generation === (ref?.generation ?? 0) ? id : [],
    )
  }

  /** Forgets what was put of the ids or, without `ids`, everything. A put in flight counts when it ends. */
  remove(ids: Iterable<AttachmentId> = this.#entries.keys()): void {
    for (const id of ids) {
      const entry = this.#entries.get(id)
      if (entry === undefined) continue
      entry.ref = undefined
      this.#keep(id, entry)
    }
  }

  /** As {@link remove}, unless a newer put has replaced this ref. */
  removeRef(ref: AttachmentRef): void {
    if (this.#entries.get(ref.id)?.ref === ref) this.remove([ref.id])
  }

  #keep(id: AttachmentId, { inFlight, ref }: PendingEntry): void {
    if (inFlight === 0 && ref === undefined) this.#entries.delete(id)
  }
}
