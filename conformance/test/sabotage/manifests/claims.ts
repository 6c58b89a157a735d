import {
  type AttachmentId,
  type AttachmentKey,
  isAttachmentId,
  type OrphanClaim,
  type OrphanQuery,
} from '@lash/attachments-core'
import { type CommitTarget, checkGeneration } from '@lash/attachments-core/backend'
import { ageOf, isCommitted, type Line, type Page } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

/** Between the answer to the sweeper and its delete, a session can commit the content. */
class ListsWithoutClaim extends PlainManifest {
  static readonly defect = 'a sweep lists what to delete and claims nothing'
  static readonly caughtBy = [
    'manifest/claim/once',
    'session/adopt against sweeps/swept-after-the-look',
    'session/historical losses/commit-before-the-delete',
  ]

  override async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const claims: OrphanClaim[] = []
    for (const page of this.notebook.pages.values()) {
      const lines = this.notebook.linesOf(page.id)
      if (claims.length < query.limit && this.isOrphan(lines, query)) {
        claims.push({ attachmentId: page.id, generation: page.generation, token: this.token() })
      }
    }
    return claims
  }
}

class CommitsUnderClaim extends PlainManifest {
  static readonly defect = 'a claim does not keep a session from committing'
  static readonly caughtBy = [
    'manifest/commit/after-claim',
    'session/histories/random',
    'session/historical losses/commit-before-the-delete',
  ]

  protected override mayCommit(line: Line, target: CommitTarget): boolean {
    return line.releasedAt === undefined && (target.generation ?? line.generation) === line.generation
  }

  override async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const before = [...this.notebook.lines]
    const claims = await super.claimOrphans(query)
    this.notebook.lines = before
    return claims
  }
}

/** A settlement deletes the row, so its content begins again at generation 0. */
class ReusesGenerations extends PlainManifest {
  static readonly defect = 'reclaimed content loses its row, and its generations are used again'
  static readonly caughtBy = [
    'manifest/intent/after-settle',
    'session/historical losses/stalled-sweeper-of-a-dropped-row',
  ]

  protected override settle(page: Page): void {
    super.settle(page)
    this.notebook.pages.delete(page.id)
  }
}

class SettlesInPlace extends PlainManifest {
  static readonly defect = 'a settlement does not move on to the next generation'
  static readonly caughtBy = [
    'manifest/takeover and settle/settle-twice',
    'session/historical losses/stalled-sweeper-of-a-dropped-row',
  ]

  protected override settle(page: Page): void {
    super.settle(page)
    page.generation--
  }
}

class ForgetsGenerations extends PlainManifest {
  static readonly defect = 'forget drops the row with its generation'
  static readonly caughtBy = ['manifest/forget/next-generation']

  override async forget(id: AttachmentId): Promise<void> {
    await super.forget(id)
    this.notebook.pages.delete(id)
  }
}

class IgnoresTokens extends PlainManifest {
  static readonly defect = 'a settlement does not check its token'
  static readonly caughtBy = ['manifest/takeover and settle/settle-after-takeover']

  protected override stands(_claim: OrphanClaim, page: Page): boolean {
    return page.claim !== undefined
  }
}

class SettlesAnyway extends PlainManifest {
  static readonly defect = 'a settlement does not look whether there still is a claim'
  static readonly caughtBy = [
    'manifest/takeover and settle/settle-after-intent',
    'session/historical losses/commit-before-the-settlement',
  ]

  protected override stands(): boolean {
    return true
  }
}

class SettlesByGeneration extends PlainManifest {
  static readonly defect = 'a settlement goes by the generation, with no regard to the claim'
  static readonly caughtBy = ['manifest/takeover and settle/settle-wrong-token']

  protected override stands(claim: OrphanClaim, page: Page): boolean {
    return page.generation === claim.generation
  }
}

class KeepsTokenOnTakeover extends PlainManifest {
  static readonly defect = 'a takeover keeps the token of the sweeper that it presumes dead'
  static readonly caughtBy = ['manifest/takeover and settle/stale']

  protected override claim(page: Page): OrphanClaim {
    const taken = page.claim
    const claim = super.claim(page)
    if (taken === undefined) return claim
    page.claim = taken
    return { ...claim, token: taken }
  }
}

class NeverTakesOver extends PlainManifest {
  static readonly defect = 'a claim whose sweeper died stands for ever'
  static readonly caughtBy = ['manifest/takeover and settle/stale', 'session/sweep/dead-sweeper']

  protected override isStale(): boolean {
    return false
  }
}

class TakesOverAlways extends PlainManifest {
  static readonly defect = 'fresh claims are taken over too'
  static readonly caughtBy = ['manifest/takeover and settle/fresh', 'session/sweep/two-at-once']

  protected override isStale(): boolean {
    return true
  }
}

class AuditsAnyGeneration extends PlainManifest {
  static readonly defect = 'an audit takes content to the last generation there is'
  static readonly caughtBy = ['manifest/audit/beyond', 'session/audit/far-generations']

  protected override taken(blobs: readonly AttachmentKey[]): readonly AttachmentKey[] {
    for (const { generation } of blobs) checkGeneration(generation)
    return blobs.filter(({ id }) => isAttachmentId(id))
  }
}

class GoesByOldestRef extends PlainManifest {
  static readonly defect = 'content is taken under the fresh intent of a second session'
  static readonly caughtBy = ['manifest/claim/fresh-intent']

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    if (lines.some(isCommitted) || (query.releasedOnly && lines.some(line => line.releasedAt === undefined)))
      return false
    return lines.some(line => this.isAged(line, query.olderThanEpochMs))
  }
}

class TakesOneMillisecondMore extends PlainManifest {
  static readonly defect = 'the cutoff is a millisecond late'
  static readonly caughtBy = ['manifest/claim/cutoff']

  protected override isAged(line: Line, olderThanEpochMs: number): boolean {
    return ageOf(line) <= olderThanEpochMs + 1
  }
}

class LeavesTheCutoff extends PlainManifest {
  static readonly defect = 'content at the cutoff is left'
  static readonly caughtBy = ['manifest/claim/cutoff']

  protected override isAged(line: Line, olderThanEpochMs: number): boolean {
    return ageOf(line) < olderThanEpochMs
  }
}

class DatesReleasesByIntent extends PlainManifest {
  static readonly defect = 'released content is as old as its intent, so a grace period protects nothing'
  static readonly caughtBy = ['manifest/release/age-of-release']

  protected override isAged(line: Line, olderThanEpochMs: number): boolean {
    return line.intentAtEpochMs <= olderThanEpochMs
  }
}

class IgnoresReleasedOnly extends PlainManifest {
  static readonly defect = "a session's delete takes bytes under another session's intent"
  static readonly caughtBy = [
    'manifest/holders/released-only',
    'session/adopt against sweeps/released-after-the-intent',
    'manifest/claim/released-only',
    'session/boundary/delete-under-intent',
  ]

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    return super.isOrphan(lines, { ...query, releasedOnly: false })
  }
}

class KeepsAgedRefs extends PlainManifest {
  static readonly defect = 'old uncommitted refs of committed content are never dropped'
  static readonly caughtBy = [
    'session/adopt/bytes-gone',
    'manifest/holders/aged-of-one',
    'manifest/claim/drops-aged-of-committed',
  ]

  protected override eraseAged(): void {}
}

class AuditsWithoutClaim extends PlainManifest {
  static readonly defect = 'an audit compares the listing with the refs and claims nothing'
  static readonly caughtBy = ['manifest/audit/unknown', 'session/audit/put-after-the-claim']

  protected override claimBlob({ id, generation }: AttachmentKey): OrphanClaim | undefined {
    if (this.notebook.linesOf(id).length > 0) return undefined
    return { attachmentId: id, generation, token: this.token() }
  }
}

class AuditsPendingBlobs extends PlainManifest {
  static readonly defect = 'an audit takes what is put and not yet committed'
  static readonly caughtBy = ['manifest/audit/live', 'session/audit/strays']

  protected override claimBlob(blob: AttachmentKey): OrphanClaim | undefined {
    const lines = this.notebook.linesOf(blob.id)
    if (!lines.some(isCommitted)) this.notebook.erase(lines)
    return super.claimBlob(blob)
  }
}

class AuditsByIdAlone extends PlainManifest {
  static readonly defect = 'an audit leaves the older copies of content that is live'
  static readonly caughtBy = [
    'manifest/audit/several-copies-of-live',
    'manifest/audit/below',
    'session/audit/older-copies',
  ]

  protected override claimBlob(blob: AttachmentKey): OrphanClaim | undefined {
    const { generation = blob.generation } = this.notebook.pages.get(blob.id) ?? {}
    return blob.generation < generation ? undefined : super.claimBlob(blob)
  }
}

export const claimSabotages: readonly SabotagedManifest[] = [
  ListsWithoutClaim,
  CommitsUnderClaim,
  ReusesGenerations,
  SettlesInPlace,
  ForgetsGenerations,
  IgnoresTokens,
  SettlesAnyway,
  SettlesByGeneration,
  KeepsTokenOnTakeover,
  NeverTakesOver,
  TakesOverAlways,
  GoesByOldestRef,
  TakesOneMillisecondMore,
  LeavesTheCutoff,
  DatesReleasesByIntent,
  IgnoresReleasedOnly,
  KeepsAgedRefs,
  AuditsWithoutClaim,
  AuditsPendingBlobs,
  AuditsByIdAlone,
  AuditsAnyGeneration,
]
