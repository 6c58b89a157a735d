import { randomUUID } from 'node:crypto'
import type { AttachmentId, AttachmentIntent, AttachmentKey, OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import type { CommitTarget } from '@lash/attachments-core/backend'
import { AgeIndex } from './age-index.ts'
import { ageOf, type ContentRow, isCommitted, type RefRow } from './content-row.ts'

/** Most tombstones that one settlement purges, so that it never stalls the process. */
const purgeBatch = 1000

/**
 * The state of a manifest and the steps of the reclaim protocol on it. Each method is one synchronous block, and so atomic. Input is checked
 * before it comes here.
 */
export class Ledger {
  readonly #contents = new Map<AttachmentId, ContentRow>()
  readonly #sessions = new Map<string, Map<AttachmentId, RefRow>>()
  /** Refs that are not committed: what a sweep looks at, so that its cost does not grow with what is committed. */
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
    if (content.claim !== undefined) {
      this.#dropClaim(content)
      content.generation++
    }
    const held = this.find(intent.sessionId, intent.attachmentId)
    if (held === undefined) {
      this.#hold(content, intent)
      return content.generation
    }
    const staysCommitted = isCommitted(held) && held.generation === content.generation
    this.#change(held, () => {
      held.generation = content.generation
      held.intentAt = intent.intentAtEpochMs
      held.meta = intent.meta
      held.releasedAt = undefined
      if (!staysCommitted) held.committedAt = undefined
    })
    return content.generation
  }

  /** Commits all targets, or none and returns the ids that cannot be. */
  commit(sessionId: string, targets: readonly CommitTarget[]): AttachmentId[] {
    const failed = new Set<AttachmentId>()
    const refs: RefRow[] = []
    for (const { id, generation } of targets) {
      const ref = this.find(sessionId, id)
      if (ref !== undefined && isCommittable(ref, generation ?? ref.generation)) refs.push(ref)
      else failed.add(id)
    }
    if (failed.size > 0) return [...failed]
    const committedAt = this.#now()
    for (const ref of refs) {
      if (ref.committedAt !== undefined) continue
      this.#change(ref, () => {
        ref.committedAt = committedAt
      })
    }
    return []
  }

  release(sessionId: string, ids: Iterable<AttachmentId> | undefined): void {
    const releasedAt = this.#now()
    for (const id of ids ?? this.#sessions.get(sessionId)?.keys() ?? []) {
      const ref = this.find(sessionId, id)
      if (ref === undefined || ref.releasedAt !== undefined) continue
      this.#change(ref, () => {
        ref.releasedAt = releasedAt
      })
    }
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
      if (content.committedRefs > 0) {
        if (!releasedOnly) this.#drop(ref)
        continue
      }
      if (seen.has(content)) continue
      seen.add(content)
      if (!isOrphan(content, olderThanEpochMs)) {
        if (!releasedOnly) this.#dropAged(content, olderThanEpochMs)
      } else if (!releasedOnly || allReleased(content)) {
        for (const dropped of [...content.refs]) this.#drop(dropped)
        claims.push(this.#claim(content))
      }
    }
    return claims
  }

  /** Claims a blob that no ref names; undefined when it is live. */
  claimBlob({ id, generation }: AttachmentKey): OrphanClaim | undefined {
    const content = this.#contents.get(id)
    if (content === undefined) return this.#claim(this.#create(id, generation))
    // Nobody writes below the content's generation any more, so this needs no fence: the token stands nowhere.
    if (generation < content.generation) return { attachmentId: id, generation, token: randomUUID() }
    if (content.claim !== undefined || content.refs.size > 0) return undefined
    content.generation = generation
    return this.#claim(content)
  }

  settle(claims: readonly OrphanClaim[]): void {
    for (const { attachmentId, token } of claims) {
      const content = this.#contents.get(attachmentId)
      if (content?.claim === undefined || content.claim !== token) continue
      this.#dropClaim(content)
      content.generation++
      this.#bury(content)
    }
    this.#purge()
  }

  forget(id: AttachmentId): void {
    const content = this.#contents.get(id)
    if (content === undefined) return
    for (const ref of [...content.refs]) this.#drop(ref)
    if (content.claim !== undefined) this.#dropClaim(content)
    content.generation++
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

  /** Changes a ref and keeps what is derived from it in step. */
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

  /** Content that stays live through a young intent loses the refs that are old. */
  #dropAged(content: ContentRow, olderThan: number): void {
    const refs = [...content.refs]
    if (!refs.some(ref => ref.releasedAt === undefined && ageOf(ref) > olderThan)) return
    for (const ref of refs) if (ageOf(ref) <= olderThan) this.#drop(ref)
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
      this.#dropClaim(content)
      return this.#claim(content)
    })
  }

  #claim(content: ContentRow): OrphanClaim {
    this.#tombstones.delete(content)
    const token = randomUUID()
    content.claim = token
    content.since = this.#now()
    this.#claimed.add(content, content.since)
    return { attachmentId: content.id, generation: content.generation, token }
  }

  #dropClaim(content: ContentRow): void {
    this.#claimed.delete(content, content.since)
    content.claim = undefined
  }

  #bury(content: ContentRow): void {
    content.since = this.#now()
    this.#tombstones.delete(content)
    this.#tombstones.add(content)
  }

  /** Forgets the generations of content that nobody has referred to for so long that no stalled deleter of it can be left. */
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

function isCommittable(ref: RefRow, generation: number): boolean {
  const { content } = ref
  if (ref.releasedAt !== undefined || content.claim !== undefined) return false
  return ref.generation === generation && content.generation === generation
}

/** Whether a sweep at that time takes the content. */
export function isOrphan(content: ContentRow, olderThan: number): boolean {
  if (content.committedRefs > 0 || content.refs.size === 0) return false
  for (const ref of content.refs) if (ageOf(ref) > olderThan) return false
  return true
}

function allReleased(content: ContentRow): boolean {
  for (const ref of content.refs) if (ref.releasedAt === undefined) return false
  return true
}
