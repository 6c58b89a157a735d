import type {
  AttachmentClaimBlobsOptions,
  AttachmentCommitOptions,
  AttachmentContent,
  AttachmentHolderOptions,
  AttachmentId,
  AttachmentIntent,
  AttachmentIntentAndPut,
  AttachmentKey,
  AttachmentManifest,
  AttachmentManifestEntry,
  AttachmentManifestRecord,
  AttachmentRef,
  AttachmentReleaseOptions,
  AttachmentSignalOptions,
  AttachmentStore,
  OrphanClaim,
  OrphanQuery,
} from '@lash/attachments-core'
import { collect } from '../../run/samples.ts'
import { judgeCommit, judgeRefusal } from '../judge/calls.ts'
import type { Actor } from './actor.ts'
import { change, type Gate, read } from './gate.ts'
import { GatedStore } from './gated-store.ts'
import { nameOfHold } from './hold.ts'
import type { Scene } from './scene.ts'

/** A manifest whose every call waits for its turn. What took effect is recorded in the history of the scene. */
export class GatedManifest implements AttachmentManifest {
  readonly #inner: AttachmentManifest
  readonly #scene: Scene
  readonly #gate: Gate
  /** The highest generation that an intent was given, and what it was when the reply to an intent was lost. */
  #highest = -1
  #highestAtLoss: number | undefined

  constructor(scene: Scene, gate: Gate) {
    this.#inner = scene.manifest
    this.#scene = scene
    this.#gate = gate
  }

  /**
   * What the session-scoped store knows of its intents and does not show: the highest generation, and when a
   * reply was lost.
   */
  get intents(): string {
    return `${this.#highest}${this.#highestAtLoss === undefined ? '' : `?${this.#highestAtLoss}`}`
  }

  async recordIntent(intent: AttachmentIntent): Promise<number> {
    try {
      const generation = await change(
        this.#gate,
        `recordIntent ${this.#nameOf(intent)}`,
        () => this.#inner.recordIntent(intent),
        given => this.#recorded(intent, given),
      )
      this.#highest = Math.max(this.#highest, generation)
      return generation
    } catch (error) {
      this.#highestAtLoss = this.#highest
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
    const together = await change<AttachmentIntentAndPut | undefined>(
      this.#gate,
      `recordIntentAndPut ${this.#nameOf(intent)}`,
      async () => this.#inner.recordIntentAndPut?.(GatedStore.unwrap(store), intent, content, options),
      result => (result === undefined ? 'declined' : this.#recorded(intent, result.generation)),
    )
    // When the manifest declines, the session-scoped store puts the bytes in a second step.
    return together ?? { generation: await this.recordIntent(intent), isPut: false }
  }

  #nameOf({ attachmentId, intentAtEpochMs }: AttachmentIntent): string {
    return `${this.#scene.nameOf(attachmentId)}${this.#scene.clock.describe(intentAtEpochMs)}`
  }

  #recorded({ attachmentId, sessionId, holder = '', meta }: AttachmentIntent, generation: number): string {
    const hold = { sessionId, holder }
    const wrong = this.#scene.history.intentRecorded(hold, attachmentId, generation, meta?.label)
    if (wrong !== undefined) this.#scene.blame('generation reused', wrong)
    return `generation ${generation}`
  }

  commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: AttachmentCommitOptions = {},
  ): Promise<void> {
    const hold = { sessionId, holder: options.holder ?? '' }
    return change(
      this.#gate,
      `commitRefs ${refs.map(ref => this.#scene.describeRef(ref)).join(', ')}`,
      async () => {
        await this.#inner.commitRefs(sessionId, refs, options).catch(error => {
          judgeRefusal(this.#scene, hold, refs, error)
          throw error
        })
        await judgeCommit(this.#scene, hold, refs)
      },
      () => 'committed',
    )
  }

  releaseRefs(sessionId: string, ids?: readonly AttachmentId[], options: AttachmentReleaseOptions = {}): Promise<void> {
    const record = () => {
      const { history } = this.#scene
      // An adoption that finds no bytes takes its intent back. Nobody asked it to let go of what is committed.
      if (isReleasing(this.#gate.actor())) history.released(sessionId, ids, options.holder)
      else history.withdrawn(sessionId, ids, options.holder)
    }
    return change(
      this.#gate,
      `releaseRefs ${ids === undefined ? 'of all' : ids.map(id => this.#scene.nameOf(id)).join(', ')}`,
      () => {
        record()
        return this.#inner.releaseRefs(sessionId, ids, options)
      },
      () => {
        // Once more, since a transaction that held it up may have committed meanwhile.
        record()
        return 'released'
      },
    )
  }

  lookup(
    sessionId: string,
    id: AttachmentId,
    options: AttachmentHolderOptions = {},
  ): Promise<AttachmentManifestEntry | undefined> {
    const { holder } = options
    const whose = holder === undefined ? `any of ${sessionId}` : nameOfHold({ sessionId, holder })
    return read(
      this.#gate,
      `lookup ${this.#scene.nameOf(id)} of ${whose}`,
      () => this.#inner.lookup(sessionId, id, options),
      entry => describeEntry(entry),
    )
  }

  async *listRefs(
    sessionId: string,
    options: AttachmentHolderOptions = {},
  ): AsyncGenerator<AttachmentManifestEntry, void, void> {
    yield* await this.#listed('listRefs', () => this.#inner.listRefs(sessionId, options))
  }

  async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    yield* await this.#listed('listUncommitted', () => this.#inner.listUncommitted(olderThanEpochMs))
  }

  #listed(
    what: string,
    list: () => AsyncIterable<AttachmentManifestEntry>,
  ): Promise<readonly AttachmentManifestEntry[]> {
    return read(
      this.#gate,
      what,
      () => collect(list()),
      entries => entries.map(entry => `${this.#scene.nameOf(entry.attachmentId)} ${describeEntry(entry)}`).join(', '),
    )
  }

  claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const of = query.ids === undefined ? '' : ` ${query.ids.map(id => this.#scene.nameOf(id)).join(', ')}`
    return change(
      this.#gate,
      `claimOrphans${of}${query.releasedOnly ? ' if released' : ''}${this.#scene.clock.describe(query.olderThanEpochMs)}`,
      () => {
        this.#scene.history.swept(query.ids)
        return this.#inner.claimOrphans(query)
      },
      claims => this.#claimed(claims),
    )
  }

  claimBlobs(blobs: readonly AttachmentKey[], options: AttachmentClaimBlobsOptions = {}): Promise<OrphanClaim[]> {
    const names = blobs.map(blob => `${this.#scene.nameOf(blob.id)}@${blob.generation}`).join(', ')
    if (options.dryRun) {
      const claim = () => this.#inner.claimBlobs(blobs, options)
      return read(this.#gate, `claimBlobs in a dry run ${names}`, claim, claims => this.#scene.describeClaims(claims))
    }
    return change(
      this.#gate,
      `claimBlobs ${names}`,
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
    return change(
      this.#gate,
      `settleClaims ${this.#scene.describeClaims(claims)}`,
      () => this.#inner.settleClaims(claims),
      () => {
        this.#scene.history.contents.settled(claims)
        return 'settled'
      },
    )
  }

  forget(id: AttachmentId): Promise<void> {
    return change(
      this.#gate,
      `forget ${this.#scene.nameOf(id)}`,
      () => this.#inner.forget(id),
      () => 'forgotten',
    )
  }

  // No actor moves to another manifest: that is done when all have ended.

  exportContents(options?: AttachmentSignalOptions): AsyncIterable<AttachmentManifestRecord> {
    return this.#inner.exportContents(options)
  }

  importContents(records: AsyncIterable<AttachmentManifestRecord>, options?: AttachmentSignalOptions): Promise<void> {
    return this.#inner.importContents(records, options)
  }

  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

function isReleasing({ plan, operation }: Actor): boolean {
  return /^(release|delete)\b/.test(plan.does[operation] ?? '')
}

/** What matters of an entry, without its times and its metadata. */
export function describeEntry(entry: AttachmentManifestEntry | undefined): string {
  if (entry === undefined) return 'no ref'
  const state =
    entry.releasedAtEpochMs !== undefined ? 'released' : entry.committedAtEpochMs !== undefined ? 'committed' : 'live'
  return `${state} @${entry.generation}`
}
