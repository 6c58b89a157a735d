import type {
  AttachmentClaimBlobsOptions,
  AttachmentHolderOptions,
  AttachmentId,
  AttachmentKey,
  AttachmentManifestEntry,
  AttachmentReleaseOptions,
  OrphanClaim,
  OrphanQuery,
} from '@lash/attachments-core'
import { ageOf, entryOf, isCommitted, type Line } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

class ClaimsAThousand extends PlainManifest {
  static readonly defect = 'no sweep claims more than a thousand contents, whatever its limit'
  static readonly caughtBy = ['manifest/many at once/ten-thousand-claims']

  override claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    return super.claimOrphans({ ...query, limit: Math.min(query.limit, 1000) })
  }
}

class SettlesAThousand extends PlainManifest {
  static readonly defect = 'a settlement leaves all claims after the first thousand'
  static readonly caughtBy = ['manifest/many at once/ten-thousand-claims']

  override settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    return super.settleClaims(claims.slice(0, 1000))
  }
}

class SettlesAllButTheLast extends PlainManifest {
  static readonly defect = 'a settlement of a full batch loses the last claim of it'
  static readonly caughtBy = ['manifest/many at once/ten-thousand-claims']

  override settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    return super.settleClaims(claims.filter((_, index) => (index + 1) % 5000 !== 0))
  }
}

class AuditsFiveThousand extends PlainManifest {
  static readonly defect = 'an audit looks at five thousand blobs and leaves the rest'
  static readonly caughtBy = ['manifest/many at once/ten-thousand-claims']

  override claimBlobs(blobs: readonly AttachmentKey[], options?: AttachmentClaimBlobsOptions): Promise<OrphanClaim[]> {
    return super.claimBlobs(blobs.slice(0, 5000), options)
  }
}

class CommitsAThousand extends PlainManifest {
  static readonly defect = 'a commit commits the first thousand of its refs'
  static readonly caughtBy = ['manifest/many at once/thousands']

  protected override commitLines(lines: readonly Line[]): void {
    super.commitLines(lines.slice(0, 1000))
  }
}

class ReleasesAThousand extends PlainManifest {
  static readonly defect = 'the end of a session releases a thousand of its refs'
  static readonly caughtBy = ['manifest/many at once/thousands']

  override releaseRefs(
    sessionId: string,
    ids?: readonly AttachmentId[],
    options?: AttachmentReleaseOptions,
  ): Promise<void> {
    const first = new Set(
      this.linesOf(sessionId, undefined)
        .slice(0, 1000)
        .map(line => line.attachmentId),
    )
    return super.releaseRefs(sessionId, ids ?? [...first], options)
  }
}

class ListsUncommittedThousand extends PlainManifest {
  static readonly defect = 'listUncommitted ends after a thousand refs'
  static readonly caughtBy = ['manifest/many at once/thousands', 'manifest/lookup and list/drops-meanwhile']

  override async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    let count = 0
    for await (const entry of super.listUncommitted(olderThanEpochMs)) if (count++ < 1000) yield entry
  }
}

class LooksAtAHundredRefs extends PlainManifest {
  static readonly defect = 'a sweep looks at the first hundred refs of a content, of which the committed one is none'
  static readonly caughtBy = ['manifest/many at once/one-among-many']

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    return super.isOrphan(lines.slice(0, 100), query)
  }
}

class LooksAtTheEnds extends PlainManifest {
  static readonly defect = 'a sweep looks at the first and the last ref of a content'
  static readonly caughtBy = ['manifest/many at once/one-among-many']

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    const sorted = lines.toSorted((one, other) => (one.holder < other.holder ? -1 : 1))
    return super.isOrphan(lines.length < 3 ? lines : [...sorted.slice(0, 1), ...sorted.slice(-1)], query)
  }
}

class DropsAHundredRefs extends PlainManifest {
  static readonly defect = 'a claim drops a hundred refs of its content, and leaves the others'
  static readonly caughtBy = ['manifest/many at once/one-among-many']

  protected override eraseClaimed(lines: readonly Line[]): void {
    super.eraseClaimed(lines.slice(0, 100))
  }
}

class LooksAtAThousandRefs extends PlainManifest {
  static readonly defect = 'a sweep looks at the first thousand refs of a content, of which the committed one is none'
  static readonly caughtBy = ['manifest/many at once/one-among-a-thousand']

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    return super.isOrphan(lines.slice(0, 1000), query)
  }
}

class EndsAtAPageWithoutOrphans extends PlainManifest {
  static readonly defect = 'a sweep ends when none of a thousand old refs is of an orphan'
  static readonly caughtBy = ['manifest/many at once/thousands']

  override claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const aged = this.notebook.lines.filter(line => !isCommitted(line) && this.isAged(line, query.olderThanEpochMs))
    if (aged.length <= 1000) return super.claimOrphans(query)
    const page = aged.sort((one, other) => ageOf(one) - ageOf(other)).slice(0, 1000)
    const ids = new Set(page.map(line => line.attachmentId))
    return super.claimOrphans({ ...query, ids: query.ids?.filter(id => ids.has(id)) ?? [...ids] })
  }
}

class ListsFiveThousand extends PlainManifest {
  static readonly defect = 'listRefs ends after five thousand refs'
  static readonly caughtBy = ['manifest/many at once/thousands']

  protected override *listed(lines: readonly Line[]): Generator<AttachmentManifestEntry, void, void> {
    yield* super.listed(lines.slice(0, 5000))
  }
}

class PagesByOffset extends PlainManifest {
  static readonly defect = 'listRefs counts its way through the refs (OFFSET), and misses some when others go'
  static readonly caughtBy = ['manifest/lookup and list/drops-meanwhile']

  override async *listRefs(
    sessionId: string,
    options?: AttachmentHolderOptions,
  ): AsyncGenerator<AttachmentManifestEntry, void, void> {
    yield* byOffset(() => this.linesOf(sessionId, options?.holder).map(entryOf))
  }
}

class PagesOrphansByOffset extends PlainManifest {
  static readonly defect = 'listUncommitted counts its way through the refs (OFFSET), and misses some when others go'
  static readonly caughtBy = ['manifest/lookup and list/drops-meanwhile']

  override async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    const query = { olderThanEpochMs, limit: 1 }
    yield* byOffset(() =>
      [...this.notebook.pages.keys()]
        .map(id => this.notebook.linesOf(id))
        .filter(lines => this.isOrphan(lines, query))
        .flatMap(lines => lines.map(entryOf)),
    )
  }
}

function* byOffset<T>(all: () => readonly T[]): Generator<T, void, void> {
  for (let offset = 0; ; offset += 1000) {
    const page = all().slice(offset, offset + 1000)
    if (page.length === 0) return
    yield* page
  }
}

export const sizeSabotages: readonly SabotagedManifest[] = [
  ClaimsAThousand,
  SettlesAThousand,
  SettlesAllButTheLast,
  AuditsFiveThousand,
  CommitsAThousand,
  ReleasesAThousand,
  ListsUncommittedThousand,
  LooksAtAHundredRefs,
  LooksAtTheEnds,
  DropsAHundredRefs,
  LooksAtAThousandRefs,
  EndsAtAPageWithoutOrphans,
  ListsFiveThousand,
  PagesByOffset,
  PagesOrphansByOffset,
]
