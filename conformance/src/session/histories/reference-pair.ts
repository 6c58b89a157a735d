import type { AttachmentCreateMeta, AttachmentId, AttachmentManifestEntry, AttachmentRef } from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'
import { isLive, ReferenceManifest } from '../../manifest/histories/reference-manifest.ts'
import { bytesOf, copyName, idOf } from '../../run/contents.ts'
import { type Clock, contents, type Scope } from './views.ts'

/**
 * What sessions, sweeps and audits do to a store and a manifest, as plainly as it can be written: the reference of a
 * manifest, and the copies that the store has.
 */
export class ReferencePair {
  readonly manifest: ReferenceManifest
  readonly #clock: Clock
  readonly #copies = new Map<AttachmentId, Set<number>>()

  /** @param manifestNow - the manifest's own clock, which need not be that of sessions. */
  constructor(clock: Clock, manifestNow: () => number) {
    this.#clock = clock
    this.manifest = new ReferenceManifest(manifestNow)
  }

  /** What the session finds when it looks through the view: one of these, of which all are as good. */
  found({ session, holder = '' }: Scope, id: AttachmentId): AttachmentManifestEntry[] {
    const own = this.manifest.candidates(session, holder, id).filter(isLive)
    return own.length > 0 ? own : this.manifest.candidates(session, undefined, id).filter(isLive)
  }

  /** The contents that are held in the scope of the view. */
  held({ session, holder }: Scope): AttachmentId[] {
    const live = this.manifest.refsOf(session, holder).filter(isLive)
    return [...new Set(live.map(ref => ref.attachmentId))].sort()
  }

  /** A put, or an adoption, that gave the ref: for the empty holder where the view has none. */
  put({ session, holder = '' }: Scope, { id, byteLength, generation = 0, ...meta }: AttachmentRef): void {
    const intent = { attachmentId: id, sessionId: session, holder, canonicalUri: canonicalUri(id), byteLength, meta }
    this.manifest.recordIntent({ ...intent, intentAtEpochMs: this.#clock.now }, generation)
    this.addCopy(id, generation)
  }

  addCopy(id: AttachmentId, generation: number): void {
    this.#generations(id).add(generation)
  }

  deleteCopy(id: AttachmentId, generation: number): void {
    this.#generations(id).delete(generation)
  }

  /** What the store lists, sorted: `a@0`. */
  copies(): string[] {
    return [...this.#copies]
      .flatMap(([id, generations]) => [...generations].map(generation => copyName({ id, generation })))
      .sort()
  }

  /** Releases the content and, if then nobody has it, deletes it, whenever it was put. */
  delete({ session, holder }: Scope, id: AttachmentId): void {
    this.manifest.release(session, holder, [id], false)
    const query = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 1, ids: [id], releasedOnly: true }
    for (const orphan of this.manifest.claimable(query).ids) this.#reclaim(orphan)
  }

  /** How many contents a sweep would take, without the claims of others. */
  orphanCount(olderThanEpochMs: number): number {
    return contents.filter(text => this.manifest.isOrphan(idOf(text), olderThanEpochMs)).length
  }

  /** Takes what a sweep takes, and returns the ids. */
  sweep(olderThanEpochMs: number, staleClaimEpochMs: number): AttachmentId[] {
    const query = { olderThanEpochMs, staleClaimEpochMs, limit: contents.length + 1 }
    const { ids } = this.manifest.claimable(query)
    for (const id of ids) this.#reclaim(id)
    for (const ref of this.manifest.droppable(query)) this.manifest.drop(ref)
    return [...ids]
  }

  /** The copies that an audit takes, and which of them end what is known of their content. */
  unreferenced(): { id: AttachmentId; generation: number; isClaimed: boolean }[] {
    return [...this.#copies].flatMap(([id, generations]) => {
      const [generation, ...others] = [...generations].sort((one, other) => other - one)
      if (generation === undefined) return []
      const { claimed, freed } = this.manifest.audit({ id, generation }, others)
      const strays = claimed ? [generation, ...freed] : freed
      return strays.map(stray => ({ id, generation: stray, isClaimed: claimed && stray === generation }))
    })
  }

  audit(): void {
    for (const { id, generation, isClaimed } of this.unreferenced()) {
      if (isClaimed) this.#reclaim(id, generation)
      else this.deleteCopy(id, generation)
    }
  }

  #reclaim(attachmentId: AttachmentId, generation: number = this.manifest.content(attachmentId).generation): void {
    const claim = { attachmentId, generation, token: 'of a sweep that goes through' }
    this.manifest.claim(claim)
    this.deleteCopy(attachmentId, generation)
    this.manifest.settle(claim)
  }

  #generations(id: AttachmentId): Set<number> {
    const generations = this.#copies.get(id) ?? new Set()
    this.#copies.set(id, generations)
    return generations
  }
}

/** The ref that a session is given to a text. */
export function refOf(text: string, meta: AttachmentCreateMeta, generation: number): AttachmentRef {
  const ref = { id: idOf(text), byteLength: bytesOf(text).byteLength, ...meta }
  return generation === 0 ? ref : { ...ref, generation }
}
