import type { HostTransaction } from '@lash/attachments-conformance'
import {
  AttachmentClosedError,
  type AttachmentCommitOptions,
  type AttachmentId,
  type AttachmentIntent,
  AttachmentIntentExpiredError,
  type AttachmentKey,
  type AttachmentManifest,
  type AttachmentManifestEntry,
  type AttachmentRef,
  type OrphanClaim,
  type OrphanQuery,
} from '@lash/attachments-core'
import {
  type CommitTarget,
  checkBlobs,
  checkCommit,
  checkIntent,
  checkOrphanQuery,
  checkSessionId,
  checkTime,
} from '@lash/attachments-core/backend'
import { ageOf, entryOf, isCommitted, type Line, type Notebook, type Page } from './notebook.ts'

/**
 * The reclaim protocol, with one method for each rule, so that a subclass breaks one rule at a time. Each public method
 * is one synchronous block.
 */
export class PlainManifest implements AttachmentManifest {
  readonly notebook: Notebook
  #closed = false

  constructor(notebook: Notebook) {
    this.notebook = notebook
  }

  async recordIntent(intent: AttachmentIntent): Promise<number> {
    this.#assertOpen()
    const checked = checkIntent(intent)
    const page = this.notebook.page(checked.attachmentId)
    if (page.claim !== undefined) this.meetClaim(page)
    this.writeLine(this.find(checked.sessionId, checked.attachmentId), checked, page)
    return page.generation
  }

  async commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: AttachmentCommitOptions = {},
  ): Promise<void> {
    this.#assertOpen()
    options.signal?.throwIfAborted()
    this.commitLines(this.committable(checkSessionId(sessionId), checkCommit(refs)))
  }

  async releaseRefs(sessionId: string, ids?: readonly AttachmentId[]): Promise<void> {
    this.#assertOpen()
    checkSessionId(sessionId)
    for (const line of this.notebook.lines) {
      if (!this.isSession(line, sessionId) || ids?.includes(line.attachmentId) === false) continue
      line.releasedAt ??= this.notebook.now()
    }
  }

  async lookup(sessionId: string, id: AttachmentId): Promise<AttachmentManifestEntry | undefined> {
    this.#assertOpen()
    const line = this.find(checkSessionId(sessionId), id)
    return line === undefined ? undefined : this.shown(line)
  }

  async *listRefs(sessionId: string): AsyncGenerator<AttachmentManifestEntry, void, void> {
    this.#assertOpen()
    checkSessionId(sessionId)
    yield* this.listed(this.notebook.lines.filter(line => this.isSession(line, sessionId)))
  }

  async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    this.#assertOpen()
    checkTime('olderThanEpochMs', olderThanEpochMs)
    for (const { id } of this.notebook.pages.values()) {
      const lines = this.notebook.linesOf(id)
      if (this.isOrphan(lines, { olderThanEpochMs, limit: 1 })) yield* this.listed(lines)
    }
  }

  async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    this.#assertOpen()
    const { limit, ids } = checkOrphanQuery(query)
    const claims: OrphanClaim[] = []
    for (const page of this.notebook.pages.values()) {
      if (claims.length >= limit || ids?.includes(page.id) === false || this.notebook.locked.has(page.id)) continue
      if (page.claim !== undefined) {
        if (this.isStale(page, query)) claims.push(this.claim(page))
        continue
      }
      const lines = this.notebook.linesOf(page.id)
      if (this.isOrphan(lines, query)) {
        this.notebook.erase(lines)
        claims.push(this.claim(page))
      } else if (!query.releasedOnly) this.eraseAged(lines, query)
    }
    return claims
  }

  async claimBlobs(blobs: readonly AttachmentKey[]): Promise<OrphanClaim[]> {
    this.#assertOpen()
    return this.taken(blobs).flatMap(blob => this.claimBlob(blob) ?? [])
  }

  async settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    this.#assertOpen()
    for (const claim of claims) {
      const page = this.notebook.pages.get(claim.attachmentId)
      if (page !== undefined && this.stands(claim, page)) this.settle(page)
    }
  }

  async forget(id: AttachmentId): Promise<void> {
    this.#assertOpen()
    const page = this.notebook.pages.get(id)
    if (page !== undefined) this.settle(page)
  }

  /** A transaction of the host. Others see its commits, and sweep its contents, only after it. */
  async begin(): Promise<HostTransaction> {
    const lines: Line[] = []
    const unlock = () => {
      for (const { attachmentId } of lines) this.notebook.locked.delete(attachmentId)
    }
    return {
      commitRefs: async (sessionId, refs) => {
        lines.push(...this.committable(sessionId, checkCommit(refs)))
        for (const { attachmentId } of lines) this.notebook.locked.add(attachmentId)
      },
      commit: async () => {
        this.commitLines(lines)
        unlock()
      },
      rollback: async () => unlock(),
    }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // The rules.

  protected isSession(line: Line, sessionId: string): boolean {
    return line.sessionId === sessionId
  }

  /** A ref as lookups and listings show it. */
  protected shown(line: Line): AttachmentManifestEntry {
    return entryOf(line)
  }

  protected *listed(lines: readonly Line[]): Generator<AttachmentManifestEntry, void, void> {
    for (const line of lines) {
      yield this.shown(line)
      this.#assertOpen()
    }
  }

  protected meetClaim(page: Page): void {
    page.generation++
    page.claim = undefined
  }

  protected writeLine(held: Line | undefined, intent: AttachmentIntent, page: Page): void {
    const stays = held !== undefined && isCommitted(held) && held.generation === page.generation
    if (held !== undefined) this.notebook.erase([held])
    const committedAt = stays ? held.committedAt : undefined
    this.notebook.lines.push({ ...intent, generation: page.generation, committedAt, releasedAt: undefined })
  }

  /** The refs of the targets, each of which can be committed. */
  protected committable(sessionId: string, targets: readonly CommitTarget[]): Line[] {
    const expired = new Set<AttachmentId>()
    const lines = targets.flatMap(target => {
      const line = this.find(sessionId, target.id)
      if (line !== undefined && this.mayCommit(line, target)) return [line]
      expired.add(target.id)
      return []
    })
    if (expired.size > 0) this.refuse([...expired], lines)
    return lines
  }

  protected refuse(expired: readonly AttachmentId[], _others: readonly Line[]): void {
    throw new AttachmentIntentExpiredError(expired)
  }

  protected mayCommit(line: Line, target: CommitTarget): boolean {
    const page = this.notebook.page(line.attachmentId)
    if (line.releasedAt !== undefined || page.claim !== undefined) return false
    return line.generation === page.generation && (target.generation ?? page.generation) === page.generation
  }

  protected commitLines(lines: readonly Line[]): void {
    for (const line of lines) line.committedAt ??= this.notebook.now()
  }

  protected isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    if (lines.length === 0 || lines.some(isCommitted)) return false
    if (query.releasedOnly && lines.some(line => line.releasedAt === undefined)) return false
    return lines.every(line => this.isAged(line, query.olderThanEpochMs))
  }

  protected isAged(line: Line, olderThanEpochMs: number): boolean {
    return ageOf(line) <= olderThanEpochMs
  }

  /** Content that another ref keeps alive loses its old uncommitted refs. */
  protected eraseAged(lines: readonly Line[], { olderThanEpochMs }: OrphanQuery): void {
    const aged = lines.filter(line => !isCommitted(line) && this.isAged(line, olderThanEpochMs))
    if (lines.some(line => line.releasedAt === undefined && !aged.includes(line))) this.notebook.erase(aged)
  }

  protected isStale(page: Page, { staleClaimEpochMs }: OrphanQuery): boolean {
    return staleClaimEpochMs !== undefined && page.claimedAt <= staleClaimEpochMs
  }

  protected claim(page: Page): OrphanClaim {
    page.claim = this.token()
    page.claimedAt = this.notebook.now()
    return { attachmentId: page.id, generation: page.generation, token: page.claim }
  }

  protected taken(blobs: readonly AttachmentKey[]): readonly AttachmentKey[] {
    return checkBlobs(blobs)
  }

  protected claimBlob({ id, generation }: AttachmentKey): OrphanClaim | undefined {
    const page = this.notebook.page(id, generation)
    if (generation < page.generation) return { attachmentId: id, generation, token: this.token() }
    if (page.claim !== undefined || this.notebook.linesOf(id).length > 0) return undefined
    page.generation = generation
    return this.claim(page)
  }

  protected stands(claim: OrphanClaim, page: Page): boolean {
    return page.claim === claim.token
  }

  /** Ends the claim: the bytes of the generation are deleted, and no ref names them. */
  protected settle(page: Page): void {
    this.notebook.erase(this.notebook.linesOf(page.id))
    page.claim = undefined
    page.generation++
  }

  protected find(sessionId: string, id: AttachmentId): Line | undefined {
    return this.notebook.lines.find(line => line.attachmentId === id && this.isSession(line, sessionId))
  }

  protected token(): string {
    return crypto.randomUUID()
  }

  #assertOpen(): void {
    if (this.#closed) throw new AttachmentClosedError('the plain manifest')
  }
}
