import type {
  AttachmentId,
  AttachmentIntent,
  AttachmentKey,
  AttachmentManifestEntry,
  OrphanClaim,
  OrphanQuery,
} from '@lash/attachments-core'

interface Content {
  /** That of its refs, or of its claim; without either, the lowest that may be given out. */
  generation: number
  /** Without refs and claim, the highest that may be given out, unless the ceiling is above it. */
  highest: number
  claim: { readonly token: string; readonly at: number } | undefined
}

/** A ref that a commit names; without a generation, a bare id. */
export interface Target {
  readonly id: AttachmentId
  readonly generation?: number
}

/** What a claim may return. */
export interface Claimable {
  readonly ids: readonly AttachmentId[]
  /** How many of them it returns. */
  readonly count: number
  /** Whether it stops at its limit: then nobody can tell which of the old refs of other content it drops. */
  readonly stops: boolean
}

/**
 * The contract of a manifest, as plainly as it can be written: a list of refs, and a row for each content. Where the
 * contract leaves something to the manifest, it says what is allowed, and is then told what the manifest did.
 */
export class ReferenceManifest {
  refs: AttachmentManifestEntry[] = []
  readonly #contents = new Map<AttachmentId, Content>()
  /** Above what any content had when it was given up. Unknown content starts there or below. */
  #ceiling = 0
  readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  content(id: AttachmentId): Content {
    const content = this.#contents.get(id) ?? { generation: 0, highest: 0, claim: undefined }
    this.#contents.set(id, content)
    return content
  }

  refsTo(id: AttachmentId): AttachmentManifestEntry[] {
    return this.refs.filter(ref => ref.attachmentId === id)
  }

  /** The refs of one holder or, without it, of every holder of the session. */
  refsOf(sessionId: string, holder: string | undefined): AttachmentManifestEntry[] {
    return this.refs.filter(ref => ref.sessionId === sessionId && (holder === undefined || ref.holder === holder))
  }

  /** Whether somebody has use for the content, or for its bytes. */
  isTaken(id: AttachmentId): boolean {
    return this.content(id).claim !== undefined || this.refsTo(id).length > 0
  }

  /** The lowest and the highest generation at which an intent may put the content now. */
  nextGenerations(id: AttachmentId): readonly [lowest: number, highest: number] {
    const { generation, highest, claim } = this.content(id)
    if (claim !== undefined) return [generation + 1, generation + 1]
    return [generation, this.isTaken(id) ? generation : Math.max(highest, this.#ceiling)]
  }

  recordIntent(intent: AttachmentIntent & { holder: string }, generation: number): void {
    const content = this.content(intent.attachmentId)
    content.generation = generation
    content.claim = undefined
    const held = this.#find(intent.sessionId, intent.holder, intent.attachmentId)
    if (held !== undefined && isCommitted(held) && held.generation === generation) {
      held.intentAtEpochMs = intent.intentAtEpochMs
      return
    }
    this.refs = [...this.refs.filter(ref => ref !== held), { ...intent, generation }]
  }

  /** Commits all of them or none, and returns the ids that cannot be committed. */
  commit(sessionId: string, holder: string, targets: readonly Target[]): AttachmentId[] {
    const refs = targets.map(({ id }) => this.#find(sessionId, holder, id))
    const expired = targets.filter((target, index) => !this.#mayCommit(refs[index], target)).map(({ id }) => id)
    if (expired.length === 0) for (const ref of refs) if (ref !== undefined) ref.committedAtEpochMs ??= this.now()
    return [...new Set(expired)]
  }

  #mayCommit(ref: AttachmentManifestEntry | undefined, { id, generation = ref?.generation }: Target): boolean {
    if (ref === undefined || !isLive(ref)) return false
    return ref.generation === generation && this.content(id).generation === generation
  }

  release(
    sessionId: string,
    holder: string | undefined,
    ids: readonly AttachmentId[] | undefined,
    uncommittedOnly: boolean,
  ): void {
    for (const ref of this.refsOf(sessionId, holder)) {
      if (ids?.includes(ref.attachmentId) === false || (uncommittedOnly && isCommitted(ref))) continue
      ref.releasedAtEpochMs ??= this.now()
    }
  }

  /** The refs of which a lookup gives one. */
  candidates(sessionId: string, holder: string | undefined, id: AttachmentId): AttachmentManifestEntry[] {
    const refs = this.refsOf(sessionId, holder).filter(ref => ref.attachmentId === id)
    const rank = Math.min(...refs.map(rankOf))
    const first = refs.filter(ref => rankOf(ref) === rank)
    const oldest = Math.min(...first.map(ref => ref.intentAtEpochMs))
    return first.filter(ref => ref.intentAtEpochMs === oldest)
  }

  isOrphan(id: AttachmentId, olderThanEpochMs: number): boolean {
    const refs = this.refsTo(id)
    return refs.length > 0 && refs.every(ref => isDue(ref, olderThanEpochMs))
  }

  claimable({ olderThanEpochMs, limit, staleClaimEpochMs, ids, releasedOnly = false }: OrphanQuery): Claimable {
    const found = [...this.#contents].flatMap(([id, { claim }]) => {
      if (ids?.includes(id) === false) return []
      if (claim !== undefined) return staleClaimEpochMs !== undefined && claim.at <= staleClaimEpochMs ? [id] : []
      if (releasedOnly && this.refsTo(id).some(isLive)) return []
      return this.isOrphan(id, olderThanEpochMs) ? [id] : []
    })
    return { ids: found, count: Math.min(found.length, limit), stops: found.length >= limit }
  }

  /** What a sweep drops where it does not claim. */
  droppable({ olderThanEpochMs, ids, releasedOnly = false }: OrphanQuery): AttachmentManifestEntry[] {
    if (releasedOnly) return []
    return this.refs.filter(ref => ids?.includes(ref.attachmentId) !== false && isDue(ref, olderThanEpochMs))
  }

  drop(ref: AttachmentManifestEntry): void {
    this.refs = this.refs.filter(other => other !== ref)
  }

  claim({ attachmentId, generation, token }: OrphanClaim): void {
    this.refs = this.refs.filter(ref => ref.attachmentId !== attachmentId)
    this.#contents.set(attachmentId, { generation, highest: generation, claim: { token, at: this.now() } })
  }

  /** What an audit of these copies gives, of contents that are no two the same. */
  audit(highest: AttachmentKey, others: readonly number[]): { claimed: boolean; freed: readonly number[] } {
    const { generation } = this.content(highest.id)
    const claimed = !this.isTaken(highest.id) && highest.generation >= generation
    const below = claimed ? highest.generation : generation
    return { claimed, freed: [...others, highest.generation].filter(copy => copy < below) }
  }

  settle({ attachmentId, token }: OrphanClaim): void {
    const content = this.content(attachmentId)
    if (content.claim?.token === token) this.#bury(content)
  }

  forget(id: AttachmentId): void {
    const content = this.content(id)
    if (this.isTaken(id)) this.#bury(content)
    // Whether the manifest still knows of it, and so moves on, is its own affair.
    else if (content.generation > 0) this.#raise(content, content.highest + 1)
    this.refs = this.refs.filter(ref => ref.attachmentId !== id)
  }

  #bury(content: Content): void {
    content.generation++
    content.claim = undefined
    this.#raise(content, content.generation)
  }

  #raise(content: Content, generation: number): void {
    content.highest = generation
    this.#ceiling = Math.max(this.#ceiling, generation)
  }

  #find(sessionId: string, holder: string, id: AttachmentId): AttachmentManifestEntry | undefined {
    return this.refsOf(sessionId, holder).find(ref => ref.attachmentId === id)
  }
}

export function isLive(ref: AttachmentManifestEntry): boolean {
  return ref.releasedAtEpochMs === undefined
}

function isCommitted(ref: AttachmentManifestEntry): boolean {
  return ref.committedAtEpochMs !== undefined && isLive(ref)
}

/** Whether the ref is no reason to keep the content. */
function isDue(ref: AttachmentManifestEntry, olderThanEpochMs: number): boolean {
  return !isCommitted(ref) && (ref.releasedAtEpochMs ?? ref.intentAtEpochMs) <= olderThanEpochMs
}

function rankOf(ref: AttachmentManifestEntry): number {
  if (!isLive(ref)) return 2
  return ref.committedAtEpochMs === undefined ? 1 : 0
}
