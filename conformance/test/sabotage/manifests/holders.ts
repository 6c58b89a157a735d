import type { HostTransaction } from '@lash/attachments-conformance'
import type {
  AttachmentCommitOptions,
  AttachmentId,
  AttachmentIntent,
  AttachmentManifestEntry,
  OrphanClaim,
  OrphanQuery,
} from '@lash/attachments-core'
import type { CheckedIntent, CommitTarget } from '@lash/attachments-core/backend'
import type { Line, Page } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

class KeysWithoutHolder extends PlainManifest {
  static readonly defect = 'one row per content and session: the key of a ref has no holder'
  static readonly caughtBy = [
    'manifest/holders/a-ref-each',
    'session/holders/own-metadata-first',
    'session/chats/message-deleted',
  ]

  protected override isHolder(): boolean {
    return true
  }
}

class NamesNoHolderOtherwise extends PlainManifest {
  static readonly defect = 'an intent without a holder is kept under another name than the empty one'
  static readonly caughtBy = ['manifest/holders/none-is-the-empty-one']

  override recordIntent(intent: AttachmentIntent): Promise<number> {
    return super.recordIntent({ ...intent, holder: intent.holder ?? 'default' })
  }
}

class CommitsEveryHolder extends PlainManifest {
  static readonly defect = 'a commit of one holder commits the refs of all holders (UPDATE without the holder)'
  static readonly caughtBy = ['manifest/holders/commit-alone', 'session/holders/commits-its-own']

  protected override commitLines(lines: readonly Line[]): void {
    for (const line of lines)
      super.commitLines(this.linesOf(line.sessionId, undefined, this.notebook.linesOf(line.attachmentId)))
  }
}

class CommitsForAnyHolder extends PlainManifest {
  static readonly defect = 'a commit takes the ref of whichever holder of the session has one'
  static readonly caughtBy = [
    'manifest/holders/commit-of-another',
    'manifest/holders/commit-of-both',
    'session/commit of given refs/all-or-nothing',
  ]

  protected override committable(sessionId: string, targets: readonly CommitTarget[], holder: string): Line[] {
    const lines = targets.map(({ id }) => this.find(sessionId, id, undefined))
    if (lines.every(line => line !== undefined)) return lines
    return super.committable(sessionId, targets, holder)
  }
}

class ReleasesEveryHolder extends PlainManifest {
  static readonly defect = 'a release of one holder takes the refs of every holder of the session'
  static readonly caughtBy = [
    'manifest/holders/release-alone',
    'manifest/holders/many-at-once',
    'session/holders/releases-its-own',
    'session/holders/deletes-its-own',
    'session/adopt/outlives-its-source',
    'session/chats/draft-waits',
    'session/chats/chip-removed',
    'session/chats/message-edited',
    'session/chats/message-deleted',
  ]

  protected override releasable(sessionId: string): Line[] {
    return this.linesOf(sessionId, undefined)
  }
}

class ReleasesTheCommittedToo extends PlainManifest {
  static readonly defect = 'a release of what is uncommitted takes committed refs too'
  static readonly caughtBy = [
    'manifest/release/uncommitted-only',
    'manifest/release/uncommitted-only-against-commits',
    'session/adopt/bytes-gone-of-committed',
    'session/adopt against sweeps/committed-meanwhile',
  ]

  protected override staysOnWithdrawal(): boolean {
    return false
  }
}

class ReleasesTheEmptyHolder extends PlainManifest {
  static readonly defect = "a release without a holder takes the refs of the holder '' alone"
  static readonly caughtBy = [
    'manifest/holders/release-of-the-session',
    'session/chats/forked',
    'session/chats/user-erased',
  ]

  protected override releasable(sessionId: string, holder = ''): Line[] {
    return this.linesOf(sessionId, holder)
  }
}

class ReleasesNothingOfHolders extends PlainManifest {
  static readonly defect = 'a release of one holder releases nothing: refs are let go with their session alone'
  static readonly caughtBy = ['manifest/holders/release-alone', 'session/chats/draft-abandoned']

  protected override releasable(sessionId: string, holder: string | undefined): Line[] {
    return holder === undefined ? super.releasable(sessionId, holder) : []
  }
}

class StartsHoldersAtZero extends PlainManifest {
  static readonly defect = 'the first ref of a holder is at generation 0, wherever the content is'
  static readonly caughtBy = [
    'manifest/holders/claim-not-revived',
    'session/adopt/at-its-generation',
    'session/adopt against sweeps/put-again-meanwhile',
  ]

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    super.writeLine(held, intent, held === undefined ? { ...page, generation: 0 } : page)
  }
}

class LooksUpTheEmptyHolder extends PlainManifest {
  static readonly defect = "lookup without a holder gives the ref of the holder '' alone"
  static readonly caughtBy = [
    'manifest/lookup among holders/live-first',
    'session/holders/reads-all-of-the-session',
    'session/adopt/of-what-is-pending',
  ]

  protected override find(sessionId: string, id: AttachmentId, holder = ''): Line | undefined {
    return super.find(sessionId, id, holder)
  }
}

class LooksAtOneHolder extends PlainManifest {
  static readonly defect = 'a sweep looks at one ref of each session'
  static readonly caughtBy = [
    'manifest/holders/live-while-any-has-it',
    'manifest/holders/released-only',
    'session/holders/deletes-its-own',
  ]

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    return super.isOrphan([...new Map(lines.toReversed().map(line => [line.sessionId, line])).values()], query)
  }
}

class KeepsHoldersUnderClaim extends PlainManifest {
  static readonly defect = 'a claim drops one ref of each session, and an intent that meets it takes the others along'
  static readonly caughtBy = ['manifest/holders/claim-takes-all', 'manifest/holders/claim-not-revived']

  override async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const before = this.notebook.lines.filter(line => line.holder !== '')
    const claims = await super.claimOrphans(query)
    const claimed = new Set(claims.map(claim => claim.attachmentId))
    this.notebook.lines.push(...before.filter(line => claimed.has(line.attachmentId)))
    return claims
  }

  protected override meetClaim(page: Page): void {
    super.meetClaim(page)
    for (const line of this.notebook.linesOf(page.id)) line.generation = page.generation
  }
}

class ForgetsHolderOfTransactions extends PlainManifest {
  static readonly defect = "a commit in the host's transaction is that of no holder, whichever it names"
  static readonly caughtBy = ['manifest/holders/in-the-transaction', 'session/adopt/in-transaction']

  override async begin(): Promise<HostTransaction> {
    const transaction = await super.begin()
    return { ...transaction, commitRefs: (sessionId, refs) => transaction.commitRefs(sessionId, refs) }
  }
}

class LooksUpAnyHolder extends PlainManifest {
  static readonly defect = 'lookup takes no notice of the holder it is asked for'
  static readonly caughtBy = ['manifest/lookup among holders/by-holder', 'session/ref/own-first']

  override lookup(sessionId: string, id: AttachmentId): Promise<AttachmentManifestEntry | undefined> {
    return super.lookup(sessionId, id)
  }
}

class LooksUpOldest extends PlainManifest {
  static readonly defect = 'lookup without a holder gives the oldest ref, whatever its state'
  static readonly caughtBy = [
    'manifest/histories/random',
    'session/histories/random',
    'manifest/lookup among holders/committed-first',
    'session/holders/own-metadata-first',
  ]

  protected override precedence(one: Line, other: Line): number {
    return one.intentAtEpochMs - other.intentAtEpochMs
  }
}

class LooksUpReleased extends PlainManifest {
  static readonly defect = 'lookup without a holder gives a released ref that was committed before a live one'
  static readonly caughtBy = ['manifest/lookup among holders/live-first', 'session/holders/deletes-its-own']

  protected override precedence(one: Line, other: Line): number {
    return Number(one.committedAt === undefined) - Number(other.committedAt === undefined)
  }
}

class LooksUpYoungest extends PlainManifest {
  static readonly defect = 'lookup without a holder gives the youngest of several refs'
  static readonly caughtBy = ['manifest/lookup among holders/oldest-first']

  protected override precedence(one: Line, other: Line): number {
    return super.precedence(
      { ...one, intentAtEpochMs: -one.intentAtEpochMs },
      { ...other, intentAtEpochMs: -other.intentAtEpochMs },
    )
  }
}

class LooksUpAnySession extends PlainManifest {
  static readonly defect = 'lookup without a holder gives the ref of another session when this one has none'
  static readonly caughtBy = [
    'manifest/lookup among holders/of-the-session',
    'session/ref/of-others',
    'session/adopt/not-held',
  ]

  protected override find(sessionId: string, id: AttachmentId, holder: string | undefined): Line | undefined {
    return super.find(sessionId, id, holder) ?? (holder === undefined ? this.notebook.linesOf(id)[0] : undefined)
  }
}

class ListsEveryHolder extends PlainManifest {
  static readonly defect = 'listRefs takes no notice of the holder it is asked for'
  static readonly caughtBy = [
    'manifest/lookup among holders/list-by-holder',
    'session/holders/lists-its-own',
    'session/usage/of-a-holder',
  ]

  override listRefs(sessionId: string): AsyncGenerator<AttachmentManifestEntry, void, void> {
    return super.listRefs(sessionId)
  }
}

class ListsAThousand extends PlainManifest {
  static readonly defect = 'a listing ends after the first page'
  static readonly caughtBy = ['manifest/lookup and list/many-refs', 'manifest/lookup among holders/list-many-holders']

  protected override listed(lines: readonly Line[]): Generator<AttachmentManifestEntry, void, void> {
    return super.listed(lines.slice(0, 1000))
  }
}

class ListsUncommittedByHolder extends PlainManifest {
  static readonly defect = 'listUncommitted goes holder by holder, so that a content comes more than once'
  static readonly caughtBy = ['manifest/lookup among holders/list-uncommitted']

  override async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    const entries: AttachmentManifestEntry[] = []
    for await (const entry of super.listUncommitted(olderThanEpochMs)) entries.push(entry)
    yield* entries.sort((one, other) => one.holder.localeCompare(other.holder))
  }
}

class FoldsHolders extends PlainManifest {
  static readonly defect = 'holders are compared without case'
  static readonly caughtBy = ['manifest/holder names/distinct', 'session/holders/like-named']

  protected override isHolder(line: Line, holder: string): boolean {
    return line.holder.toLowerCase() === holder.toLowerCase()
  }
}

class NormalizesHolders extends PlainManifest {
  static readonly defect = 'holders are compared in normal form'
  static readonly caughtBy = ['manifest/holder names/commit-and-release-alone', 'session/holders/like-named']

  protected override isHolder(line: Line, holder: string): boolean {
    return line.holder.normalize() === holder.normalize()
  }
}

class JoinsNames extends PlainManifest {
  static readonly defect = 'session and holder are one key, with a colon between them'
  static readonly caughtBy = ['manifest/holder names/not-run-together']

  protected override linesOf(sessionId: string, holder: string | undefined, lines = this.notebook.lines): Line[] {
    if (holder === undefined) return super.linesOf(sessionId, holder, lines)
    return lines.filter(line => `${line.sessionId}:${line.holder}` === `${sessionId}:${holder}`)
  }
}

class CountsUnits extends PlainManifest {
  static readonly defect = 'the length of a holder is counted in units of UTF-16'
  static readonly caughtBy = ['manifest/holder names/longest']

  override recordIntent(intent: AttachmentIntent): Promise<number> {
    return super.recordIntent({ ...intent, holder: intent.holder?.padEnd(intent.holder.length > 512 ? 2000 : 0) })
  }
}

class CleansHolders extends PlainManifest {
  static readonly defect = 'a malformed holder is made well-formed, or the empty one, instead of refused'
  static readonly caughtBy = ['manifest/holder names/refused']

  override recordIntent(intent: AttachmentIntent): Promise<number> {
    return super.recordIntent({ ...intent, holder: cleaned(intent.holder) })
  }

  override commitRefs(
    sessionId: string,
    refs: Parameters<PlainManifest['commitRefs']>[1],
    options: AttachmentCommitOptions = {},
  ): Promise<void> {
    return super.commitRefs(sessionId, refs, { ...options, holder: cleaned(options.holder) })
  }
}

function cleaned(holder: unknown): string {
  return typeof holder === 'string' ? holder.toWellFormed().replaceAll('\0', '').slice(0, 512) : ''
}

export const holderSabotages: readonly SabotagedManifest[] = [
  KeysWithoutHolder,
  NamesNoHolderOtherwise,
  CommitsEveryHolder,
  CommitsForAnyHolder,
  ReleasesEveryHolder,
  ReleasesTheCommittedToo,
  ReleasesTheEmptyHolder,
  ReleasesNothingOfHolders,
  StartsHoldersAtZero,
  LooksUpTheEmptyHolder,
  LooksAtOneHolder,
  KeepsHoldersUnderClaim,
  ForgetsHolderOfTransactions,
  LooksUpAnyHolder,
  LooksUpOldest,
  LooksUpReleased,
  LooksUpYoungest,
  LooksUpAnySession,
  ListsEveryHolder,
  ListsAThousand,
  ListsUncommittedByHolder,
  FoldsHolders,
  NormalizesHolders,
  JoinsNames,
  CountsUnits,
  CleansHolders,
]
