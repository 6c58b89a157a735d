import type { AttachmentId } from '../content/id.ts'
import type { AttachmentRef } from '../content/meta.ts'

interface PendingEntry {
  /** Puts of this content that have begun and not ended. */
  inFlight: number
  /** Of the put at the highest generation that succeeded. */
  ref: AttachmentRef | undefined
  /** The highest generation that an intent of this session is known to have. */
  intentGeneration: number
  /** An intent failed without saying whether it was recorded, so the session's last generation is not known. */
  intentUnknown: boolean
}

/** One put, from its start to its end. */
export interface PendingPut {
  /** The intent is recorded at this generation. */
  intentRecorded(generation: number): void
  /** The bytes are there. */
  succeeded(ref: AttachmentRef): void
  /** Neither of the two was heard of: the put is over, and whether its intent was recorded is not known. */
  ended(): void
}

/**
 * What a session has put and its host has not yet committed.
 *
 * A ref says its generation, so committing it is exact whatever else goes on. A bare id stands for the session's last
 * intent, so it is offered only while that is the intent of a put that succeeded: not while another put of the same content is in
 * flight, and not after one that failed at another generation.
 */
export class PendingAttachments {
  readonly #entries = new Map<AttachmentId, PendingEntry>()

  begin(id: AttachmentId): PendingPut {
    const entry = this.#entries.get(id) ?? { inFlight: 0, ref: undefined, intentGeneration: -1, intentUnknown: false }
    this.#entries.set(id, entry)
    entry.inFlight++
    let recorded = false
    return {
      intentRecorded: generation => {
        recorded = true
        entry.intentGeneration = Math.max(entry.intentGeneration, generation)
      },
      succeeded: ref => {
        if ((ref.generation ?? 0) >= (entry.ref?.generation ?? 0)) entry.ref = ref
      },
      ended: () => {
        entry.inFlight--
        if (!recorded) entry.intentUnknown = true
        if (entry.inFlight === 0 && entry.ref === undefined && this.#entries.get(id) === entry) this.#entries.delete(id)
      },
    }
  }

  refs(): AttachmentRef[] {
    return [...this.#entries.values()].flatMap(({ ref }) => ref ?? [])
  }

  bareIds(): AttachmentId[] {
    const exact = ({ inFlight, ref, intentUnknown, intentGeneration }: PendingEntry) =>
      ref !== undefined && inFlight === 0 && !intentUnknown && (ref.generation ?? 0) === intentGeneration
    return [...this.#entries].flatMap(([id, entry]) => (exact(entry) ? id : []))
  }

  /** Forgets what was put; a put in flight counts from its end. */
  remove(id: AttachmentId): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    entry.ref = undefined
    entry.intentUnknown = false
    if (entry.inFlight === 0) this.#entries.delete(id)
  }

  /** As {@link remove}, unless a newer put has taken the place of this ref. */
  removeRef(ref: AttachmentRef): void {
    if (this.#entries.get(ref.id)?.ref === ref) this.remove(ref.id)
  }

  clear(): void {
    for (const id of [...this.#entries.keys()]) this.remove(id)
  }
}
