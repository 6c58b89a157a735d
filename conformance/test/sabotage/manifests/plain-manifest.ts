import type { HostTransaction } from '@lash/attachments-conformance'
import {
  type AttachmentClaimBlobsOptions,
  type AttachmentCommitOptions,
  type AttachmentHolderOptions,
  type AttachmentId,
  type AttachmentIntent,
  AttachmentIntentExpiredError,
  type AttachmentKey,
  type AttachmentManifest,
  type AttachmentManifestEntry,
  type AttachmentRef,
  type AttachmentReleaseOptions,
  type OrphanClaim,
  type OrphanQuery,
} from '@lash/attachments-core'
import {
  type CheckedIntent,
  type CommitTarget,
  checkBlobs,
  checkCommit,
  checkHolder,
  checkIntent,
  checkOrphanQuery,
  checkSessionId,
  checkTime,
} from '@lash/attachments-core/backend'
import { ageOf, entryOf, isCommitted, type Line, type Page } from './notebook.ts'
import { PlainMoves } from './plain-moves.ts'

/**
 * The reclaim protocol, with one method for each rule, so that a subclass breaks one rule at a time. Each public method
 * is one synchronous block.
 */
export class PlainManifest extends PlainMoves implements AttachmentManifest {
  async recordIntent(intent: AttachmentIntent): Promise<number> {
    this.assertOpen()
    const checked = checkIntent(intent)
    const { attachmentId, sessionId, holder } = checked
    const page = this.notebook.page(attachmentId, this.firstGeneration())
    if (page.claim !== undefined) this.meetClaim(page)
    this.writeLine(this.find(sessionId, attachmentId, holder), checked, page)
    return page.generation
  }

  async commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: AttachmentCommitOptions = {},
  ): Promise<void> {
    this.assertOpen()
    options.signal?.throwIfAborted()
    const holder = checkHolder(options.holder ?? '')
    this.commitLines(this.committable(checkSessionId(sessionId), checkCommit(refs), holder))
  }

  async releaseRefs(
    sessionId: string,
    ids?: readonly AttachmentId[],
    options?: AttachmentReleaseOptions,
  ): Promise<void> {
    this.assertOpen()
    for (const line of this.releasable(checkSessionId(sessionId), holderOf(options))) {
      if (options?.uncommittedOnly && this.staysOnWithdrawal(line)) continue
      if (ids?.includes(line.attachmentId) !== false) line.releasedAt ??= this.notebook.now()
    }
  }

  protected staysOnWithdrawal(line: Line): boolean {
    return isCommitted(line)
  }

  async lookup(
    sessionId: string,
    id: AttachmentId,
    options?: AttachmentHolderOptions,
  ): Promise<AttachmentManifestEntry | undefined> {
    this.assertOpen()
    const line = this.find(checkSessionId(sessionId), id, holderOf(options))
    return line === undefined ? undefined : this.shown(line)
  }

  async *listRefs(
    sessionId: string,
    options?: AttachmentHolderOptions,
  ): AsyncGenerator<AttachmentManifestEntry, void, void> {
    this.assertOpen()
    yield* this.listed(this.linesOf(checkSessionId(sessionId), holderOf(options)))
  }

  async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    this.assertOpen()
    checkTime('olderThanEpochMs', olderThanEpochMs)
    for (const { id } of this.notebook.pages.values()) {
      const lines = this.notebook.linesOf(id)
      if (this.isOrphan(lines, { olderThanEpochMs, limit: 1 })) yield* this.listed(lines)
    }
  }

  async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    this.assertOpen()
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
        this.eraseClaimed(lines)
        claims.push(this.claim(page))
      } else if (!query.releasedOnly) this.eraseAged(lines, query)
    }
    return claims
  }

  async claimBlobs(
    blobs: readonly AttachmentKey[],
    { dryRun = false }: AttachmentClaimBlobsOptions = {},
  ): Promise<OrphanClaim[]> {
    this.assertOpen()
    const undo = dryRun ? this.mark() : () => {}
    const claims = this.taken(blobs).flatMap(blob => this.claimBlob(blob) ?? [])
    undo()
    return claims
  }

  async settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    this.assertOpen()
    for (const claim of claims) {
      const page = this.notebook.pages.get(claim.attachmentId)
      if (page !== undefined && this.stands(claim, page)) this.settle(page)
    }
    for (const page of this.notebook.pages.values()) if (this.isOutdated(page)) this.purge(page)
  }

  async forget(id: AttachmentId): Promise<void> {
    this.assertOpen()
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
      commitRefs: async (sessionId, refs, options) => {
        lines.push(...this.committable(sessionId, checkCommit(refs), options?.holder ?? ''))
        for (const { attachmentId } of lines) this.notebook.locked.add(attachmentId)
      },
      commit: async () => {
        this.commitLines(lines)
        unlock()
      },
      rollback: async () => unlock(),
    }
  }

  // The rules.

  protected isSession(line: Line, sessionId: string): boolean {
    return line.sessionId === sessionId
  }

  protected isHolder(line: Line, holder: string): boolean {
    return line.holder === holder
  }

  /** The refs of one holder or, without `holder`, of every holder of the session. */
  protected linesOf(sessionId: string, holder: string | undefined, lines = this.notebook.lines): Line[] {
    const isOf = (line: Line) => holder === undefined || this.isHolder(line, holder)
    return lines.filter(line => this.isSession(line, sessionId) && isOf(line))
  }

  protected releasable(sessionId: string, holder: string | undefined): Line[] {
    return this.linesOf(sessionId, holder)
  }

  /** Where unknown content begins. */
  protected firstGeneration(): number {
    return this.notebook.floor
  }

  /** A ref as lookups and listings show it. */
  protected shown(line: Line): AttachmentManifestEntry {
    return entryOf(line)
  }

  protected *listed(lines: readonly Line[]): Generator<AttachmentManifestEntry, void, void> {
    for (const line of lines) {
      yield this.shown(line)
      this.assertOpen()
    }
  }

  protected meetClaim(page: Page): void {
    page.generation++
    page.claim = undefined
  }

  protected writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    const stays = held !== undefined && isCommitted(held) && held.generation === page.generation
    if (held !== undefined) this.notebook.erase([held])
    this.notebook.lines.push(stays ? this.renewed(held, intent) : newLine(intent, page))
  }

  /** A committed ref after another intent of its holder. */
  protected renewed(held: Line, { intentAtEpochMs }: CheckedIntent): Line {
    return { ...held, intentAtEpochMs }
  }

  /** The refs of the targets, each of which can be committed. */
  protected committable(sessionId: string, targets: readonly CommitTarget[], holder: string): Line[] {
    const expired = new Set<AttachmentId>()
    const lines = targets.flatMap(target => {
      const line = this.find(sessionId, target.id, holder)
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
    const page = this.notebook.pages.get(line.attachmentId)
    if (line.releasedAt !== undefined || page === undefined || page.claim !== undefined) return false
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

  /** Content that is claimed loses all its refs. */
  protected eraseClaimed(lines: readonly Line[]): void {
    this.notebook.erase(lines)
  }

  /** Content that is not claimed loses its old uncommitted refs. */
  protected eraseAged(lines: readonly Line[], { olderThanEpochMs }: OrphanQuery): void {
    this.notebook.erase(lines.filter(line => !isCommitted(line) && this.isAged(line, olderThanEpochMs)))
  }

  protected isStale(page: Page, { staleClaimEpochMs }: OrphanQuery): boolean {
    return staleClaimEpochMs !== undefined && page.claimedAt <= staleClaimEpochMs
  }

  protected claim(page: Page): OrphanClaim {
    page.claim = this.token()
    page.claimedAt = this.notebook.now()
    return { attachmentId: page.id, generation: page.generation, token: page.claim }
  }

  /** What an audit looks at, the highest copy of each content first. */
  protected taken(blobs: readonly AttachmentKey[]): readonly AttachmentKey[] {
    const copies = new Map(checkBlobs(blobs).map(blob => [`${blob.id}.${blob.generation}`, blob]))
    return [...copies.values()].sort((one, other) => other.generation - one.generation)
  }

  /** For a dry run. Returns the function that undoes all changes since. */
  protected mark(): () => void {
    return this.notebook.mark()
  }

  protected claimBlob({ id, generation }: AttachmentKey): OrphanClaim | undefined {
    const known = this.notebook.pages.get(id)
    if (generation < (known?.generation ?? this.firstGeneration())) {
      return { attachmentId: id, generation, token: this.token() }
    }
    if (known?.claim !== undefined || this.notebook.linesOf(id).length > 0) return undefined
    const page = known ?? this.notebook.page(id, generation)
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
    page.settledAt = this.notebook.now()
  }

  /** Whether the page is of no use but for its generation, and old. */
  protected isOutdated(page: Page): boolean {
    if (page.claim !== undefined || page.settledAt === undefined) return false
    return this.notebook.linesOf(page.id).length === 0 && page.settledAt <= this.notebook.now() - retentionMs
  }

  /** Forgets the generation of a content. Unknown content then begins above all that it gave out. */
  protected purge(page: Page): void {
    this.notebook.pages.delete(page.id)
    this.raiseFloor(page.generation)
  }

  /** Of several refs: a committed one before an uncommitted one before a released one, then the oldest. */
  protected find(sessionId: string, id: AttachmentId, holder: string | undefined): Line | undefined {
    const lines = this.linesOf(sessionId, holder, this.notebook.linesOf(id))
    return lines.sort((one, other) => this.precedence(one, other))[0]
  }

  protected precedence(one: Line, other: Line): number {
    return rankOf(one) - rankOf(other) || one.intentAtEpochMs - other.intentAtEpochMs
  }

  protected token(): string {
    return crypto.randomUUID()
  }
}

const retentionMs = 24 * 60 * 60 * 1000

function holderOf(options: AttachmentHolderOptions | undefined): string | undefined {
  return options?.holder === undefined ? undefined : checkHolder(options.holder)
}

function newLine(intent: CheckedIntent, { generation }: Page): Line {
  return { ...intent, generation, committedAt: undefined, releasedAt: undefined }
}

function rankOf(line: Line): number {
  if (line.releasedAt !== undefined) return 2
  return line.committedAt === undefined ? 1 : 0
}
