import {
  type AttachmentCommitOptions,
  type AttachmentContent,
  type AttachmentId,
  type AttachmentIntent,
  type AttachmentIntentAndPut,
  type AttachmentKey,
  type AttachmentManifest,
  type AttachmentManifestEntry,
  type AttachmentRef,
  type AttachmentSignalOptions,
  type AttachmentStore,
  isAttachmentId,
  type OrphanClaim,
  type OrphanQuery,
} from '@lash/attachments-core'
import { collect } from '../../run/samples.ts'
import { call, type Gate } from './gate.ts'
import { GatedStore } from './gated-store.ts'
import type { Scene } from './scene.ts'

/** A manifest whose every call waits for its turn, and is taken down in the scene's history when it has taken effect. */
export class GatedManifest implements AttachmentManifest {
  readonly #inner: AttachmentManifest
  readonly #scene: Scene
  readonly #gate: Gate
  /** What its session-scoped store knows of its intents and does not show: the highest generation, and whether a reply was lost. */
  intents = ''
  #highest = -1

  constructor(scene: Scene, gate: Gate) {
    this.#inner = scene.manifest
    this.#scene = scene
    this.#gate = gate
  }

  recordIntent(intent: AttachmentIntent): Promise<number> {
    const answer = call(
      this.#gate,
      `recordIntent ${this.#scene.nameOf(intent.attachmentId)}`,
      () => this.#inner.recordIntent(intent),
      generation => this.#recorded(intent, generation),
    )
    return this.#heard(answer)
  }

  async #heard(answer: Promise<number>): Promise<number> {
    try {
      this.#highest = Math.max(this.#highest, await answer)
      this.intents = this.intents.replace(/[0-9]*$/, String(this.#highest))
      return await answer
    } catch (error) {
      this.intents = `?${this.#highest}`
      throw error
    }
  }

  recordIntentAndPut(
    store: AttachmentStore,
    intent: AttachmentIntent,
    content: AttachmentContent,
    options: AttachmentSignalOptions,
  ): Promise<AttachmentIntentAndPut> | undefined {
    if (this.#inner.recordIntentAndPut === undefined) return undefined
    return this.#recordIntentAndPut(store, intent, content, options)
  }

  async #recordIntentAndPut(
    store: AttachmentStore,
    intent: AttachmentIntent,
    content: AttachmentContent,
    options: AttachmentSignalOptions,
  ): Promise<AttachmentIntentAndPut> {
    const together = await call<AttachmentIntentAndPut | undefined>(
      this.#gate,
      `recordIntentAndPut ${this.#scene.nameOf(intent.attachmentId)}`,
      async () => this.#inner.recordIntentAndPut?.(GatedStore.unwrap(store), intent, content, options),
      result => (result === undefined ? 'declined' : this.#recorded(intent, result.generation)),
    )
    // The manifest leaves it to two steps: the session-scoped store takes the second.
    return together ?? { generation: await this.recordIntent(intent), isPut: false }
  }

  #recorded({ attachmentId, sessionId }: AttachmentIntent, generation: number): string {
    const wrong = this.#scene.history.intentRecorded(sessionId, attachmentId, generation)
    if (wrong !== undefined) this.#scene.blame('generation reused', wrong)
    return `generation ${generation}`
  }

  commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options?: AttachmentCommitOptions,
  ): Promise<void> {
    return call(
      this.#gate,
      `commitRefs ${refs.map(ref => this.#scene.describeRef(ref)).join(', ')}`,
      async () => {
        await this.#inner.commitRefs(sessionId, refs, options).catch(error => {
          this.#scene.refused(sessionId, refs, error)
          throw error
        })
        await this.#scene.promise(sessionId, refs)
      },
      () => 'committed',
    )
  }

  releaseRefs(sessionId: string, ids?: readonly AttachmentId[]): Promise<void> {
    return call(
      this.#gate,
      `releaseRefs ${ids === undefined ? 'of all' : ids.map(id => this.#scene.nameOf(id)).join(', ')}`,
      () => {
        this.#scene.history.released(sessionId, ids)
        return this.#inner.releaseRefs(sessionId, ids)
      },
      () => {
        // Again: a transaction that held it up may have committed meanwhile.
        this.#scene.history.released(sessionId, ids)
        return 'released'
      },
    )
  }

  lookup(sessionId: string, id: AttachmentId): Promise<AttachmentManifestEntry | undefined> {
    return call(
      this.#gate,
      `lookup ${this.#scene.nameOf(id)}`,
      () => this.#inner.lookup(sessionId, id),
      entry => describeEntry(entry),
      false,
    )
  }

  async *listRefs(sessionId: string): AsyncGenerator<AttachmentManifestEntry, void, void> {
    yield* await this.#listed('listRefs', () => this.#inner.listRefs(sessionId))
  }

  async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    yield* await this.#listed('listUncommitted', () => this.#inner.listUncommitted(olderThanEpochMs))
  }

  #listed(
    what: string,
    list: () => AsyncIterable<AttachmentManifestEntry>,
  ): Promise<readonly AttachmentManifestEntry[]> {
    return call(
      this.#gate,
      what,
      () => collect(list()),
      entries => entries.map(entry => `${this.#scene.nameOf(entry.attachmentId)} ${describeEntry(entry)}`).join(', '),
      false,
    )
  }

  claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const of = query.ids === undefined ? '' : ` ${query.ids.map(id => this.#scene.nameOf(id)).join(', ')}`
    return call(
      this.#gate,
      `claimOrphans${of}${query.releasedOnly ? ' if released' : ''}`,
      () => {
        this.#scene.history.swept(query.ids)
        return this.#inner.claimOrphans(query)
      },
      claims => this.#claimed(claims),
    )
  }

  claimBlobs(blobs: readonly AttachmentKey[]): Promise<OrphanClaim[]> {
    return call(
      this.#gate,
      `claimBlobs ${blobs.map(blob => `${this.#scene.nameOf(blob.id)}@${blob.generation}`).join(', ')}`,
      () => {
        this.#scene.history.swept(blobs.map(blob => blob.id))
        return this.#inner.claimBlobs(blobs)
      },
      claims => this.#claimed(claims),
    )
  }

  #claimed(claims: readonly OrphanClaim[]): readonly OrphanClaim[] {
    this.#scene.history.claimed(claims)
    return claims
  }

  settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    return call(
      this.#gate,
      `settleClaims ${claims.map(claim => `${this.#scene.nameOf(claim.attachmentId)}@${claim.generation}`).join(', ')}`,
      () => this.#inner.settleClaims(claims),
      () => {
        this.#scene.history.settled(claims)
        return 'settled'
      },
    )
  }

  forget(id: AttachmentId): Promise<void> {
    return call(
      this.#gate,
      `forget ${this.#scene.nameOf(id)}`,
      () => this.#inner.forget(id),
      () => 'forgotten',
    )
  }

  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** What matters of an entry, without its times. */
export function describeEntry(entry: AttachmentManifestEntry | undefined): string {
  if (entry === undefined || !isAttachmentId(entry.attachmentId)) return 'no ref'
  const state =
    entry.releasedAtEpochMs !== undefined ? 'released' : entry.committedAtEpochMs !== undefined ? 'committed' : 'live'
  return `${state} @${entry.generation}`
}
