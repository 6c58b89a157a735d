import { randomUUID } from 'node:crypto'
import type {
  AttachmentId,
  AttachmentKey,
  AttachmentManifestEntry,
  OrphanClaim,
  OrphanQuery,
} from '@lash/attachments-core'
import {
  ageOf,
  type CheckedIntent,
  type CommitTarget,
  comesBefore,
  type ImportBatch,
  isCommitted,
  isLive,
  type ListedContent,
  repeatedRecordError,
} from '@lash/attachments-core/backend'
import { AgeIndex } from './age-index.ts'
import { type ContentRow, isHeld, isOrphan, isReleased, isUnreferenced, type RefRow } from './content-row.ts'
import { RefIndex } from './ref-index.ts'

/**
 * Most tombstones that a settlement purges beside as many as it makes: it never stalls the process, and they do not
 * pile up.
 */
const purgeBatch = 1000

/**
 * The state of a manifest, and the steps of the reclaim protocol on it. Each method is one synchronous block, and so
 * atomic. Its arguments have been checked.
 */
export class Ledger {
  readonly #contents = new Map<AttachmentId, ContentRow>()
  readonly #refs = new RefIndex()
  /** Refs that are not committed. A sweep looks only at these, so its cost does not grow with what is committed. */
  readonly #loose = new AgeIndex<RefRow>()
  /** Rows under a claim, for the takeover of stale ones. */
  readonly #claimed = new AgeIndex<ContentRow>()
  /** Rows without refs or claim, the oldest first. */
  readonly #tombstones = new Set<ContentRow>()
  /**
   * Where content without a row starts. It is above every generation of what was purged, so that no generation is used
   * twice, however long a deleter stalls and whatever the clock says.
   */
  #floor = 0
  readonly #now: () => number
  readonly #tombstoneRetentionMs: number

  constructor(now: () => number, tombstoneRetentionMs: number) {
    this.#now = now
    this.#tombstoneRetentionMs = tombstoneRetentionMs
  }

  recordIntent(intent: CheckedIntent): number {
    const content = this.#contents.get(intent.attachmentId) ?? this.#create(intent.attachmentId, this.#floor)
    if (content.claim !== undefined) this.#meetClaim(content)
    const held = this.#refs.get(intent.sessionId, intent.holder, intent.attachmentId)
    if (held === undefined) this.#hold(content, intent)
    else this.#renew(held, intent)
    return content.generation
  }

  #meetClaim(content: ContentRow): void {
    this.#endClaim(content)
    content.generation++
  }

  #renew(ref: RefRow, intent: CheckedIntent): void {
    // What is committed keeps all but its time: another draft of the same bytes does not rename a message's file.
    const stays = staysCommitted(ref)
    this.#change(ref, () => {
      ref.intentAt = intent.intentAtEpochMs
      ref.byteLength ??= intent.byteLength
      if (!stays) this.#begin(ref, intent)
    })
  }

  #begin(ref: RefRow, intent: CheckedIntent): void {
    ref.generation = ref.content.generation
    ref.byteLength = intent.byteLength
    ref.meta = intent.meta
    ref.committedAt = undefined
    ref.releasedAt = undefined
  }

  /** Commits all targets, or none, and returns the ids that cannot be committed. */
  commit(sessionId: string, targets: readonly CommitTarget[], holder: string): AttachmentId[] {
    const failed = new Set<AttachmentId>()
    const refs: RefRow[] = []
    for (const { id, generation } of targets) {
      const ref = this.#refs.get(sessionId, holder, id)
      if (ref !== undefined && mayCommit(ref, generation)) refs.push(ref)
      else failed.add(id)
    }
    if (failed.size === 0) this.#commitAll(refs)
    return [...failed]
  }

  #commitAll(refs: readonly RefRow[]): void {
    const committedAt = this.#now()
    for (const ref of refs) {
      if (ref.committedAt !== undefined) continue
      this.#change(ref, () => {
        ref.committedAt = committedAt
      })
    }
  }

  release(
    sessionId: string,
    ids: readonly AttachmentId[] | undefined,
    holder: string | undefined,
    uncommittedOnly: boolean,
  ): void {
    const releasedAt = this.#now()
    for (const ref of this.#refsTo(ids, sessionId, holder)) {
      if (!isLive(ref) || (uncommittedOnly && isCommitted(ref))) continue
      this.#change(ref, () => {
        ref.releasedAt = releasedAt
      })
    }
  }

  #refsTo(ids: readonly AttachmentId[] | undefined, sessionId: string, holder: string | undefined): RefRow[] {
    return ids === undefined ? this.refsOf(sessionId, holder) : ids.flatMap(id => this.#held(sessionId, id, holder))
  }

  /** The refs to the content of one holder or, without it, of every holder of the session. */
  #held(sessionId: string, id: AttachmentId, holder: string | undefined): RefRow[] {
    if (holder !== undefined) {
      const ref = this.#refs.get(sessionId, holder, id)
      return ref === undefined ? [] : [ref]
    }
    const content = this.#contents.get(id)
    return content === undefined ? [] : this.#refs.to(content, sessionId)
  }

  find(sessionId: string, id: AttachmentId, holder: string | undefined): RefRow | undefined {
    let found: RefRow | undefined
    for (const ref of this.#held(sessionId, id, holder)) {
      if (found === undefined || comesBefore(ref, found)) found = ref
    }
    return found
  }

  refsOf(sessionId: string, holder: string | undefined): RefRow[] {
    return this.#refs.of(sessionId, holder)
  }

  /** Content that a sweep at that time would take. */
  orphans(olderThan: number): ContentRow[] {
    const contents = new Set<ContentRow>()
    for (const ref of this.#loose.upTo(olderThan)) contents.add(ref.content)
    return [...contents].filter(content => isOrphan(content, olderThan))
  }

  claimOrphans(query: OrphanQuery): OrphanClaim[] {
    const { olderThanEpochMs, limit, releasedOnly = false } = query
    const claims = this.#takeOver(query)
    const seen = new Set<ContentRow>()
    for (const ref of this.#aged(query)) {
      if (claims.length >= limit) break
      const { content } = ref
      if (isHeld(content)) {
        if (!releasedOnly) this.#drop(ref)
        continue
      }
      if (seen.has(content)) continue
      seen.add(content)
      if (!isOrphan(content, olderThanEpochMs)) {
        if (!releasedOnly) this.#dropAged(content, olderThanEpochMs)
      } else if (!releasedOnly || isReleased(content)) {
        this.#dropAll(content)
        claims.push(this.#claim(content))
      }
    }
    return claims
  }

  /** Of some content, the highest copy that a store lists: claims it if nobody has use for it. */
  claimListed({ id, generation }: AttachmentKey, dryRun: boolean): ListedContent {
    const content = this.#contents.get(id)
    const lowest = content?.generation ?? this.#floor
    // Nobody writes below that any more, so nothing has to know of a claim there.
    if (generation < lowest) return { id, generation: lowest }
    if (content !== undefined && !isUnreferenced(content)) return { id, generation: lowest }
    if (dryRun) return { id, generation, token: randomUUID() }
    return { id, generation, token: this.#claimAt(content ?? this.#create(id, generation), generation).token }
  }

  #claimAt(content: ContentRow, generation: number): OrphanClaim {
    content.generation = generation
    return this.#claim(content)
  }

  settle(claims: readonly OrphanClaim[]): void {
    for (const claim of claims) {
      const content = this.#contents.get(claim.attachmentId)
      if (!stands(claim, content)) continue
      this.#endClaim(content)
      this.#bury(content)
    }
    this.#purge(claims.length + purgeBatch)
  }

  forget(id: AttachmentId): void {
    const content = this.#contents.get(id)
    if (content === undefined) return
    this.#dropAll(content)
    if (content.claim !== undefined) this.#endClaim(content)
    this.#bury(content)
    this.#purge(purgeBatch)
  }

  /** Whether nothing was ever recorded here. */
  get isUnused(): boolean {
    return this.#contents.size === 0 && this.#floor === 0
  }

  get floor(): number {
    return this.#floor
  }

  contents(): Iterable<ContentRow> {
    return this.#contents.values()
  }

  /** Takes over what another manifest knows. Begins with a ledger that is unused. */
  restore({ floor, tombstones, refs }: ImportBatch): void {
    this.#floor = floor
    for (const { id, generation, emptiedAt } of tombstones) {
      if (this.#contents.has(id)) throw repeatedRecordError()
      const content = this.#create(id, generation)
      content.since = emptiedAt
      this.#tombstones.add(content)
    }
    for (const entry of refs) this.#restoreRef(entry)
  }

  #restoreRef(entry: AttachmentManifestEntry): void {
    const { attachmentId: id, sessionId, holder, generation } = entry
    const content = this.#contents.get(id) ?? this.#create(id, generation)
    const isFirst = this.#refs.get(sessionId, holder, id) === undefined
    if (!isFirst || this.#tombstones.has(content) || content.generation !== generation) throw repeatedRecordError()
    const ref = this.#hold(content, entry)
    this.#change(ref, () => {
      ref.committedAt = entry.committedAtEpochMs
      ref.releasedAt = entry.releasedAtEpochMs
    })
  }

  #create(id: AttachmentId, generation: number): ContentRow {
    const content = { id, generation, claim: undefined, since: 0, refs: new Set<RefRow>(), committedRefs: 0 }
    this.#contents.set(id, content)
    return content
  }

  #hold(content: ContentRow, intent: CheckedIntent | AttachmentManifestEntry): RefRow {
    const ref: RefRow = {
      content,
      sessionId: intent.sessionId,
      holder: intent.holder,
      byteLength: intent.byteLength,
      meta: intent.meta,
      generation: content.generation,
      intentAt: intent.intentAtEpochMs,
      committedAt: undefined,
      releasedAt: undefined,
    }
    this.#tombstones.delete(content)
    content.refs.add(ref)
    this.#refs.add(ref)
    this.#loose.add(ref, ageOf(ref))
    return ref
  }

  #drop(ref: RefRow): void {
    this.#unindex(ref)
    ref.content.refs.delete(ref)
    this.#refs.delete(ref)
  }

  #dropAll(content: ContentRow): void {
    for (const ref of [...content.refs]) this.#drop(ref)
  }

  /** Drops the old refs of content that nobody has committed and that is not due yet. */
  #dropAged(content: ContentRow, olderThan: number): void {
    for (const ref of [...content.refs]) if (ageOf(ref) <= olderThan) this.#drop(ref)
  }

  /** Changes a ref, and with it what is derived from the ref. */
  #change(ref: RefRow, change: () => void): void {
    this.#unindex(ref)
    change()
    if (isCommitted(ref)) ref.content.committedRefs++
    else this.#loose.add(ref, ageOf(ref))
  }

  #unindex(ref: RefRow): void {
    if (isCommitted(ref)) ref.content.committedRefs--
    else this.#loose.delete(ref, ageOf(ref))
  }

  /** The refs that are old enough for a query and not committed. */
  *#aged({ ids, olderThanEpochMs }: OrphanQuery): Generator<RefRow, void, void> {
    if (ids === undefined) return yield* this.#loose.upTo(olderThanEpochMs)
    for (const id of ids) {
      for (const ref of this.#contents.get(id)?.refs ?? []) {
        if (!isCommitted(ref) && ageOf(ref) <= olderThanEpochMs) yield ref
      }
    }
  }

  #takeOver({ staleClaimEpochMs, ids, limit }: OrphanQuery): OrphanClaim[] {
    if (staleClaimEpochMs === undefined) return []
    const wanted = ids === undefined ? undefined : new Set(ids)
    const stale: ContentRow[] = []
    for (const content of this.#claimed.upTo(staleClaimEpochMs)) {
      if (wanted !== undefined && !wanted.has(content.id)) continue
      stale.push(content)
      if (stale.length === limit) break
    }
    return stale.map(content => {
      this.#endClaim(content)
      return this.#claim(content)
    })
  }

  #claim(content: ContentRow): OrphanClaim {
    this.#tombstones.delete(content)
    const claim = { attachmentId: content.id, generation: content.generation, token: randomUUID() }
    content.claim = claim.token
    content.since = this.#now()
    this.#claimed.add(content, content.since)
    return claim
  }

  #endClaim(content: ContentRow): void {
    this.#claimed.delete(content, content.since)
    content.claim = undefined
  }

  /** Moves content without refs to its next generation, and remembers that. */
  #bury(content: ContentRow): void {
    content.generation++
    content.since = this.#now()
    this.#tombstones.delete(content)
    this.#tombstones.add(content)
  }

  /** Forgets the tombstones that are old enough, but so many at most. */
  #purge(atMost: number): void {
    // To keep none asks no clock, which may have been set back since.
    const until = this.#tombstoneRetentionMs === 0 ? Infinity : this.#now() - this.#tombstoneRetentionMs
    let purged = 0
    for (const content of this.#tombstones) {
      if (content.since > until || purged++ === atMost) return
      this.#forgetGenerations(content)
    }
  }

  #forgetGenerations(tombstone: ContentRow): void {
    this.#floor = Math.max(this.#floor, tombstone.generation)
    this.#tombstones.delete(tombstone)
    this.#contents.delete(tombstone.id)
  }
}

/** Whether the ref stays committed when its holder records another intent. */
function staysCommitted(ref: RefRow): boolean {
  return isCommitted(ref) && ref.generation === ref.content.generation
}

/** Without a generation, as for a bare id: at that of the ref. */
function mayCommit(ref: RefRow, generation: number = ref.generation): boolean {
  const { content } = ref
  return (
    isLive(ref) && content.claim === undefined && ref.generation === generation && content.generation === generation
  )
}

/** Whether the claim is still the content's. */
function stands({ token }: OrphanClaim, content: ContentRow | undefined): content is ContentRow {
  return content?.claim !== undefined && content.claim === token
}
