import type { HostTransaction } from '@lash/attachments-conformance'
import { type AttachmentId, AttachmentIntentExpiredError, type AttachmentManifestEntry } from '@lash/attachments-core'
import type { CommitTarget } from '@lash/attachments-core/backend'
import { entryOf, type Line } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

class CommitsByBareId extends PlainManifest {
  static readonly defect = 'a commit looks at the id alone, not at the generation of the ref'
  static readonly caughtBy = [
    'session/commit of given refs/old-generation',
    'manifest/commit/old-generation',
    'session/historical losses/older-put-on-a-newer-intent',
  ]

  protected override mayCommit(line: Line, target: CommitTarget): boolean {
    return super.mayCommit(line, { ...target, generation: undefined })
  }
}

class MatchesNothing extends PlainManifest {
  static readonly defect = 'a commit that matches no row does nothing and says nothing'
  static readonly caughtBy = ['manifest/commit/matches-nothing', 'session/historical losses/commit-before-the-delete']

  protected override refuse(): void {}
}

class CommitsPartly extends PlainManifest {
  static readonly defect = 'a refused commit has committed what it could'
  static readonly caughtBy = [
    'manifest/histories/random',
    'session/commit of given refs/all-or-nothing',
    'manifest/commit/all-or-nothing',
    'session/commit/after-a-sweep',
  ]

  protected override refuse(expired: readonly AttachmentId[], others: readonly Line[]): void {
    this.commitLines(others)
    super.refuse(expired, others)
  }
}

class NamesFirstOnly extends PlainManifest {
  static readonly defect = 'a refused commit names only the first id that failed'
  static readonly caughtBy = ['manifest/commit/names-every-id']

  protected override refuse(expired: readonly AttachmentId[]): void {
    throw new AttachmentIntentExpiredError(expired.slice(0, 1))
  }
}

class CommitsReleased extends PlainManifest {
  static readonly defect = 'a released ref can be committed'
  static readonly caughtBy = ['manifest/commit/after-release']

  protected override mayCommit(line: Line, target: CommitTarget): boolean {
    return super.mayCommit({ ...line, releasedAt: undefined }, target)
  }
}

class GoesByTheLastOfTwo extends PlainManifest {
  static readonly defect = 'of two refs to one content in a commit, the last alone is looked at'
  static readonly caughtBy = ['manifest/commit/same-ref-twice-in-one']

  protected override committable(sessionId: string, targets: readonly CommitTarget[], holder: string): Line[] {
    const byId = new Map(targets.map(target => [target.id, target]))
    return super.committable(sessionId, [...byId.values()], holder)
  }
}

class CommitsForAnybody extends PlainManifest {
  static readonly defect = 'a commit takes the ref of another session'
  static readonly caughtBy = ['manifest/commit/matches-nothing']

  protected override committable(sessionId: string, targets: readonly CommitTarget[], holder: string): Line[] {
    const lines = targets.map(target => this.notebook.linesOf(target.id)[0])
    if (lines.every(line => line !== undefined)) return lines
    return super.committable(sessionId, targets, holder)
  }
}

class RestampsCommits extends PlainManifest {
  static readonly defect = 'committing again changes the time of the commit'
  static readonly caughtBy = ['manifest/commit/twice']

  protected override commitLines(lines: readonly Line[]): void {
    for (const line of lines) line.committedAt = this.notebook.now()
  }
}

class ShowsReleasedAsLive extends PlainManifest {
  static readonly defect = 'lookup shows released refs as live, so that a session still reads them'
  static readonly caughtBy = [
    'session/ref/of-others',
    'session/usage/live-only',
    'manifest/release/named-ids',
    'session/boundary/release',
  ]

  protected override shown(line: Line): AttachmentManifestEntry {
    return entryOf({ ...line, releasedAt: undefined })
  }
}

class ListsOnAfterClose extends PlainManifest {
  static readonly defect = 'a listing goes on after close'
  static readonly caughtBy = ['manifest/close and reopen/close-during-listing']

  protected override *listed(lines: readonly Line[]): Generator<AttachmentManifestEntry, void, void> {
    for (const line of lines) yield this.shown(line)
  }
}

class CommitsBeforeTheHost extends PlainManifest {
  static readonly defect = "a commit in the host's transaction is done at once, on another connection"
  static readonly caughtBy = ['manifest/host transaction/invisible-until-commit', 'session/commit/in-transaction']

  override async begin(): Promise<HostTransaction> {
    return {
      commitRefs: (sessionId, refs, options) => this.commitRefs(sessionId, refs, options),
      commit: async () => {},
      rollback: async () => {},
    }
  }
}

class ForgetsTheHost extends PlainManifest {
  static readonly defect = "a commit in the host's transaction is lost when that commits"
  static readonly caughtBy = ['manifest/host transaction/commits', 'session/commit/in-transaction']

  override async begin(): Promise<HostTransaction> {
    const transaction = await super.begin()
    return { ...transaction, commit: () => transaction.rollback() }
  }
}

class LetsSweepsIntoTransactions extends PlainManifest {
  static readonly defect = 'a sweep claims what an open transaction is committing (refs are checked without a lock)'
  static readonly caughtBy = ['manifest/host transaction/sweep-meanwhile']

  override async begin(): Promise<HostTransaction> {
    const transaction = await super.begin()
    return {
      ...transaction,
      commitRefs: async (sessionId, refs, options) => {
        await transaction.commitRefs(sessionId, refs, options)
        this.notebook.locked.clear()
      },
    }
  }
}

export const commitSabotages: readonly SabotagedManifest[] = [
  CommitsByBareId,
  MatchesNothing,
  CommitsPartly,
  NamesFirstOnly,
  CommitsReleased,
  GoesByTheLastOfTwo,
  CommitsForAnybody,
  RestampsCommits,
  ShowsReleasedAsLive,
  ListsOnAfterClose,
  CommitsBeforeTheHost,
  ForgetsTheHost,
  LetsSweepsIntoTransactions,
]
