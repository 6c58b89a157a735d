import type { HostTransaction } from '@lash/attachments-conformance'
import { type AttachmentId, AttachmentIntentExpiredError, type AttachmentManifestEntry } from '@lash/attachments-core'
import type { CommitTarget } from '@lash/attachments-core/backend'
import { entryOf, type Line } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { ManifestSabotage } from './sabotage.ts'

class CommitsByBareId extends PlainManifest {
  protected override mayCommit(line: Line, target: CommitTarget): boolean {
    return super.mayCommit(line, { ...target, generation: undefined })
  }
}

class MatchesNothing extends PlainManifest {
  protected override refuse(): void {}
}

class CommitsPartly extends PlainManifest {
  protected override refuse(expired: readonly AttachmentId[], others: readonly Line[]): void {
    this.commitLines(others)
    super.refuse(expired, others)
  }
}

class NamesFirstOnly extends PlainManifest {
  protected override refuse(expired: readonly AttachmentId[]): void {
    throw new AttachmentIntentExpiredError(expired.slice(0, 1))
  }
}

class CommitsReleased extends PlainManifest {
  protected override mayCommit(line: Line, target: CommitTarget): boolean {
    return super.mayCommit({ ...line, releasedAt: undefined }, target)
  }
}

class CommitsForAnybody extends PlainManifest {
  protected override committable(sessionId: string, targets: readonly CommitTarget[]): Line[] {
    const lines = targets.map(target => this.notebook.linesOf(target.id)[0])
    if (lines.every(line => line !== undefined)) return lines
    return super.committable(sessionId, targets)
  }
}

class RestampsCommits extends PlainManifest {
  protected override commitLines(lines: readonly Line[]): void {
    for (const line of lines) line.committedAt = this.notebook.now()
  }
}

class ShowsReleasedAsLive extends PlainManifest {
  protected override shown(line: Line): AttachmentManifestEntry {
    return entryOf({ ...line, releasedAt: undefined })
  }
}

class ListsOnAfterClose extends PlainManifest {
  protected override *listed(lines: readonly Line[]): Generator<AttachmentManifestEntry, void, void> {
    for (const line of lines) yield this.shown(line)
  }
}

class CommitsBeforeTheHost extends PlainManifest {
  override async begin(): Promise<HostTransaction> {
    return {
      commitRefs: (sessionId, refs) => this.commitRefs(sessionId, refs),
      commit: async () => {},
      rollback: async () => {},
    }
  }
}

class ForgetsTheHost extends PlainManifest {
  override async begin(): Promise<HostTransaction> {
    const transaction = await super.begin()
    return { ...transaction, commit: () => transaction.rollback() }
  }
}

class LetsSweepsIntoTransactions extends PlainManifest {
  override async begin(): Promise<HostTransaction> {
    const transaction = await super.begin()
    return {
      ...transaction,
      commitRefs: async (sessionId, refs) => {
        await transaction.commitRefs(sessionId, refs)
        this.notebook.locked.clear()
      },
    }
  }
}

export const commitSabotages: readonly ManifestSabotage[] = [
  {
    Manifest: CommitsByBareId,
    defect: 'a commit looks at the id alone, not at the generation of the ref',
    caughtBy: ['manifest/commit/old-generation', 'session/historical losses/older-put-on-a-newer-intent'],
  },
  {
    Manifest: MatchesNothing,
    defect: 'a commit that matches no row does nothing and says nothing',
    caughtBy: ['manifest/commit/matches-nothing', 'session/historical losses/commit-before-the-delete'],
  },
  {
    Manifest: CommitsPartly,
    defect: 'a refused commit has committed what it could',
    caughtBy: ['manifest/commit/all-or-nothing', 'session/commit/after-a-sweep'],
  },
  {
    Manifest: NamesFirstOnly,
    defect: 'a refused commit names only the first id that failed',
    caughtBy: ['manifest/commit/names-every-id'],
  },
  {
    Manifest: CommitsReleased,
    defect: 'a released ref can be committed',
    caughtBy: ['manifest/commit/after-release'],
  },
  {
    Manifest: CommitsForAnybody,
    defect: 'a commit takes the ref of another session',
    caughtBy: ['manifest/commit/matches-nothing'],
  },
  {
    Manifest: RestampsCommits,
    defect: 'committing again changes the time of the commit',
    caughtBy: ['manifest/commit/twice'],
  },
  {
    Manifest: ShowsReleasedAsLive,
    defect: 'lookup shows released refs as live, so that a session still reads them',
    caughtBy: ['manifest/release/named-ids', 'session/boundary/release'],
  },
  {
    Manifest: ListsOnAfterClose,
    defect: 'a listing goes on after close',
    caughtBy: ['manifest/close and reopen/close-during-listing'],
  },
  {
    Manifest: CommitsBeforeTheHost,
    defect: "a commit in the host's transaction is done at once, on another connection",
    caughtBy: ['manifest/host transaction/invisible-until-commit', 'session/commit/in-transaction'],
  },
  {
    Manifest: ForgetsTheHost,
    defect: "a commit in the host's transaction is lost when that commits",
    caughtBy: ['manifest/host transaction/commits', 'session/commit/in-transaction'],
  },
  {
    Manifest: LetsSweepsIntoTransactions,
    defect: 'a sweep claims what an open transaction is committing (refs are checked without a lock)',
    caughtBy: ['manifest/host transaction/sweep-meanwhile'],
  },
]
