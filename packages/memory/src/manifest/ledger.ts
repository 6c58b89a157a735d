import { randomUUID } from 'node:crypto'
import type { AttachmentId, AttachmentIntent, AttachmentKey, OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import type { CommitTarget } from '@lash/attachments-core/backend'
import { AgeIndex } from './age-index.ts'
import { ageOf, type ContentRow, isCommitted, isLive, type RefRow } from './content-row.ts'

/** Most tombstones that one settlement purges, so that it never stalls the process. */
const purgeBatch = 1000

/**
 * The state of a manifest, and the steps of the reclaim protocol on it. Each method is one synchronous block, and so
 * atomic. Its arguments have been checked.
 */
export class Ledger {
  readonly #contents = new Map<AttachmentId, ContentRow>()
  readonly #sessions = new Map<string, Map<AttachmentId, RefRow>>()
  /** Refs that are not committed. A sweep looks only at these, so its cost does not grow with what is committed. */
  readonly #loose = new AgeIndex<RefRow>()
  /** Rows under a claim, for the takeover of stale ones. */
  readonly #claimed = new AgeIndex<ContentRow>()
  /** Rows without refs or claim, the oldest first. */
  readonly #tombstones = new Set<ContentRow>()
  readonly #now: () => number
  readonly #tombstoneRetentionMs: number

  constructor(now: () => number, tombstoneRetentionMs: number) {
    this.#now = now
    this.#tombstoneRetentionMs = tombstoneRetentionMs
  }

  recordIntent(intent: AttachmentIntent): number {
    const content = this.#contents.get(intent.attachmentId) ?? this.#create(intent.attachmentId, 0)
    if (content.claim !== undefined) this.#meetClaim(content)
    const held = this.find(intent.sessionId, intent.attachmentId)
    if (held === undefined) this.#hold(content, intent)
    else this.#renew(held, intent)
    return content.generation
  }

  #meetClaim(content: ContentRow): void {
    this.#endClaim(content)
    content.generation++
  }

  #renew(ref: RefRow, intent: AttachmentIntent): void {
    const committedAt = staysCommitted(ref) ? ref.committedAt : undefined
    this.#change(ref, () => {
      ref.generation = ref.content.generation
      ref.intentAt = intent.intentAtEpochMs
      ref.meta = intent.meta
      ref.committedAt = committedAt
      ref.releasedAt = undefined
    })
  }

  /** Commits all targets, or none, and returns the ids that cannot be committed. */
  commit(sessionId: string, targets: readonly CommitTarget[]): AttachmentId[] {
    const failed = new Set<AttachmentId>()
    const refs: RefRow[] = []
    for (const { id, generation } of targets) {
      const ref = this.find(sessionId, id)
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

  release(sessionId: string, ids: readonly AttachmentId[] | undefined): void {
    const releasedAt = this.#now()
    for (const ref of this.#refsTo(ids, sessionId)) {
      if (!isLive(ref)) continue
      this.#change(ref, () => {
        ref.releasedAt = releasedAt
      })
    }
  }

  #refsTo(ids: readonly AttachmentId[] | undefined, sessionId: string): RefRow[] {
    return ids === undefined ? this.refsOf(sessionId) : ids.flatMap(id => this.find(sessionId, id) ?? [])
  }

  find(sessionId: string, id: AttachmentId): RefRow | undefined {
    return this.#sessions.get(sessionId)?.get(id)
  }

  refsOf(sessionId: string): RefRow[] {
    return [...(this.#sessions.get(sessionId)?.values() ?? [])]
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

  /** Claims a blob that no ref names. Undefined when it is live. */
  claimBlob(blob: AttachmentKey): OrphanClaim | undefined {
    const content = this.#contents.get(blob.id)
    if (content === undefined) return this.#claimUnknown(blob)
    // Nobody writes below the content's generation any more, so nothing has to know of this claim.
    if (blob.generation < content.generation) return unrecordedClaim(blob)
    return isUnreferenced(content) ? this.#claimAt(content, blob.generation) : undefined
  }

  #claimUnknown({ id, generation }: AttachmentKey): OrphanClaim {
    return this.#claim(this.#create(id, generation))
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
    this.#purge()
  }

  forget(id: AttachmentId): void {
    const content = this.#contents.get(id)
    if (content === undefined) return
    this.#dropAll(content)
    if (content.claim !== undefined) this.#endClaim(content)
    this.#bury(content)
  }

  #create(id: AttachmentId, generation: number): ContentRow {
    const content = { id, generation, claim: undefined, since: 0, refs: new Set<RefRow>(), committedRefs: 0 }
    this.#contents.set(id, content)
    return content
  }

  #hold(content: ContentRow, intent: AttachmentIntent): void {
    const ref: RefRow = {
      content,
      sessionId: intent.sessionId,
      canonicalUri: intent.canonicalUri,
      meta: intent.meta,
      generation: content.generation,
      intentAt: intent.intentAtEpochMs,
      committedAt: undefined,
      releasedAt: undefined,
    }
    this.#tombstones.delete(content)
    content.refs.add(ref)
    const refs = this.#sessions.get(ref.sessionId)
    if (refs === undefined) this.#sessions.set(ref.sessionId, new Map([[content.id, ref]]))
    else refs.set(content.id, ref)
    this.#loose.add(ref, ageOf(ref))
  }

  #drop(ref: RefRow): void {
    this.#unindex(ref)
    ref.content.refs.delete(ref)
    const refs = this.#sessions.get(ref.sessionId)
    refs?.delete(ref.content.id)
    if (refs?.size === 0) this.#sessions.delete(ref.sessionId)
  }

  #dropAll(content: ContentRow): void {
    for (const ref of [...content.refs]) this.#drop(ref)
  }

  /** Drops the old refs of content that stays live through a young intent. */
  #dropAged(content: ContentRow, olderThan: number): void {
    const refs = [...content.refs]
    if (!refs.some(ref => isLive(ref) && ageOf(ref) > olderThan)) return
    for (const ref of refs) if (ageOf(ref) <= olderThan) this.#drop(ref)
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
    const claim = unrecordedClaim(content)
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

  /** Forgets the generations of content that nobody has referred to for longer than any deleter can stall. */
  #purge(): void {
    const until = this.#now() - this.#tombstoneRetentionMs
    let purged = 0
    for (const content of this.#tombstones) {
      if (content.since > until || purged++ === purgeBatch) return
      this.#tombstones.delete(content)
      this.#contents.delete(content.id)
    }
  }
}

function unrecordedClaim({ id, generation }: AttachmentKey): OrphanClaim {
  return { attachmentId: id, generation, token: randomUUID() }
}

/** Whether the ref stays committed when its session records another intent. */
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

/** Whether a session has committed the content. */
function isHeld(content: ContentRow): boolean {
  return content.committedRefs > 0
}

/** Whether a sweep at that time takes the content. */
export function isOrphan(content: ContentRow, olderThan: number): boolean {
  if (isHeld(content) || content.refs.size === 0) return false
  for (const ref of content.refs) if (ageOf(ref) > olderThan) return false
  return true
}

/** Whether every session has released the content. */
function isReleased(content: ContentRow): boolean {
  for (const ref of content.refs) if (isLive(ref)) return false
  return true
}

function isUnreferenced(content: ContentRow): boolean {
  return content.claim === undefined && content.refs.size === 0
}

/** Whether the claim is still the content's. */
function stands({ token }: OrphanClaim, content: ContentRow | undefined): content is ContentRow {
  return content?.claim !== undefined && content.claim === token
}
