import type { OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import { ageOf, isCommitted, type Line } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

/** A sweep at this time finds no orphans, so that it takes over and does nothing else. */
const never = Number.MIN_SAFE_INTEGER

class LooksAtAsManyIds extends PlainManifest {
  static readonly defect = 'a sweep looks at as many of the ids as the limit says'
  static readonly caughtBy = ['manifest/filters/ids-with-limit']

  override claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    return super.claimOrphans({ ...query, ids: query.ids?.slice(0, query.limit) })
  }
}

class IgnoresLimitOfIds extends PlainManifest {
  static readonly defect = 'ids switch the limit off'
  static readonly caughtBy = ['manifest/filters/ids-with-limit']

  override claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    return super.claimOrphans(query.ids === undefined ? query : { ...query, limit: 10_000 })
  }
}

class CountsTakeoversApart extends PlainManifest {
  static readonly defect = 'the limit is one of takeovers, and another one of new claims'
  static readonly caughtBy = ['manifest/filters/ids-with-takeovers', 'manifest/takeover and settle/ids-and-limit']

  override async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const orphans = await super.claimOrphans({ ...query, staleClaimEpochMs: undefined })
    const others = this.notebook.locked
    for (const { attachmentId } of orphans) others.add(attachmentId)
    const taken = await super.claimOrphans({ ...query, olderThanEpochMs: never })
    others.clear()
    return [...taken, ...orphans]
  }
}

class TakesOverOutsideIds extends PlainManifest {
  static readonly defect = 'ids narrow new claims alone, not takeovers'
  static readonly caughtBy = ['manifest/filters/ids-with-takeovers', 'manifest/takeover and settle/ids-and-limit']

  override async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const taken = await super.claimOrphans({ ...query, ids: undefined, olderThanEpochMs: never })
    if (taken.length >= query.limit) return taken
    const limit = query.limit - taken.length
    return [...taken, ...(await super.claimOrphans({ ...query, limit, staleClaimEpochMs: undefined }))]
  }
}

class LeavesClaimsToThemselves extends PlainManifest {
  static readonly defect = '`releasedOnly` takes over no claim'
  static readonly caughtBy = ['manifest/filters/released-only-with-takeovers']

  override claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    return super.claimOrphans(query.releasedOnly ? { ...query, staleClaimEpochMs: undefined } : query)
  }
}

class ReleasedAtAnyAge extends PlainManifest {
  static readonly defect = '`releasedOnly` takes what was released at any time'
  static readonly caughtBy = ['manifest/filters/released-only-with-age']

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    const olderThanEpochMs = query.releasedOnly ? Number.MAX_SAFE_INTEGER : query.olderThanEpochMs
    return super.isOrphan(lines, { ...query, olderThanEpochMs })
  }
}

class DropsBesideReleasedOnly extends PlainManifest {
  static readonly defect = '`releasedOnly` drops old refs of content that it does not take'
  static readonly caughtBy = ['manifest/filters/released-only-with-age', 'manifest/claim/released-only']

  override async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const claims = await super.claimOrphans(query)
    if (query.releasedOnly) this.eraseAged(this.notebook.lines, query)
    return claims
  }
}

class ReleasedByAnybody extends PlainManifest {
  static readonly defect = '`releasedOnly` asks whether anybody has released the content, not whether all have'
  static readonly caughtBy = ['manifest/filters/released-only-with-age', 'manifest/claim/released-only']

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    if (query.releasedOnly && lines.every(line => line.releasedAt === undefined)) return false
    return super.isOrphan(lines, { ...query, releasedOnly: false })
  }
}

class ReleasedByOldestRef extends PlainManifest {
  static readonly defect = '`releasedOnly` with an age looks whether anybody released the content by then'
  static readonly caughtBy = ['manifest/filters/released-only-with-age']

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    const isDue = lines.some(line => line.releasedAt !== undefined && this.isAged(line, query.olderThanEpochMs))
    const olderThanEpochMs = query.releasedOnly && isDue ? Number.MAX_SAFE_INTEGER : query.olderThanEpochMs
    return super.isOrphan(lines, { ...query, olderThanEpochMs })
  }
}

class GoesByLiveRefs extends PlainManifest {
  static readonly defect = 'a fresh release beside an old intent protects nothing'
  static readonly caughtBy = ['manifest/filters/fresh-release']

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    const live = lines.filter(line => line.releasedAt === undefined)
    return super.isOrphan(live.length > 0 && !query.releasedOnly ? live : lines, query)
  }
}

class LooksAtOnePage extends PlainManifest {
  static readonly defect = 'a sweep looks at the hundred oldest refs, and none of them need be an orphan'
  static readonly caughtBy = ['manifest/filters/past-what-stays']

  override claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const aged = this.notebook.lines.filter(line => !isCommitted(line) && this.isAged(line, query.olderThanEpochMs))
    if (aged.length <= 100) return super.claimOrphans(query)
    const page = aged.sort((one, other) => ageOf(one) - ageOf(other)).slice(0, 100)
    const ids = new Set(page.map(line => line.attachmentId))
    return super.claimOrphans({ ...query, ids: query.ids?.filter(id => ids.has(id)) ?? [...ids] })
  }
}

class CountsWhatItLooksAt extends PlainManifest {
  static readonly defect = 'contents that a sweep looks at and leaves count towards the limit'
  static readonly caughtBy = ['manifest/filters/ids-with-limit', 'manifest/claim/drops-aged-of-committed']

  override claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const aged = this.notebook.lines.filter(line => this.isAged(line, query.olderThanEpochMs))
    const ids = query.ids ?? [...new Set(aged.map(line => line.attachmentId)), ...this.notebook.pages.keys()]
    return super.claimOrphans({ ...query, ids: ids.slice(0, query.limit) })
  }
}

class KeepsOldBesideReleased extends PlainManifest {
  static readonly defect = 'an old ref stays for ever while others put the content and release it again'
  static readonly caughtBy = ['manifest/claim/drops-aged-of-released']

  protected override eraseAged(lines: readonly Line[], query: OrphanQuery): void {
    const isKept = (line: Line) =>
      line.releasedAt === undefined && (isCommitted(line) || !this.isAged(line, query.olderThanEpochMs))
    if (lines.some(isKept)) super.eraseAged(lines, query)
  }
}

export const filterSabotages: readonly SabotagedManifest[] = [
  LooksAtAsManyIds,
  IgnoresLimitOfIds,
  CountsTakeoversApart,
  TakesOverOutsideIds,
  LeavesClaimsToThemselves,
  ReleasedAtAnyAge,
  DropsBesideReleasedOnly,
  ReleasedByAnybody,
  ReleasedByOldestRef,
  GoesByLiveRefs,
  LooksAtOnePage,
  CountsWhatItLooksAt,
  KeepsOldBesideReleased,
]
