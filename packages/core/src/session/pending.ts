import type { AttachmentId } from '../content/id.ts'
import type { AttachmentRef } from '../content/meta.ts'

interface PendingEntry {
  /** Puts of this content in flight. */
  inFlight: number
  /** The ref of the successful put at the highest generation. */
  ref: AttachmentRef | undefined
  /** The highest known generation of an intent of this holder. */
  intentGeneration: number
  /** Whether an intent failed that may have been recorded, so that the generation of the last intent is not known. */
  intentUnknown: boolean
}

/** What happens to one put. */
export interface PendingPut {
  /** Its intent is recorded, at this generation. */
  intentRecorded(generation: number): void
  /** Its bytes are stored. */
  succeeded(ref: AttachmentRef): void
  /** It is over. If nothing else was reported, it is not known whether its intent was recorded. */
  ended(): void
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
    return [...this.#entries].flatMap(([id, entry]) => (isExact(entry) ? id : []))
  }

  /** Forgets what was put of the ids or, without `ids`, everything. A put in flight counts when it ends. */
  remove(ids: readonly AttachmentId[] = [...this.#entries.keys()]): void {
    for (const id of ids) {
      const entry = this.#entries.get(id)
      if (entry === undefined) continue
      entry.ref = undefined
      entry.intentUnknown = false
      if (entry.inFlight === 0) this.#entries.delete(id)
    }
  }

  /** As {@link remove}, unless a newer put has replaced this ref. */
  removeRef(ref: AttachmentRef): void {
    if (this.#entries.get(ref.id)?.ref === ref) this.remove([ref.id])
  }
}

/** One name for refs to the same copy. */
export function nameOf({ id, generation = 0 }: AttachmentRef): string {
  return `${id}.${generation}`
}

/** Whether the holder's last intent is that of the put that the ref is of. */
function isExact({ inFlight, ref, intentUnknown, intentGeneration }: PendingEntry): boolean {
  return ref !== undefined && inFlight === 0 && !intentUnknown && (ref.generation ?? 0) === intentGeneration
}
