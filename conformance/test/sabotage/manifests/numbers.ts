import type {
  AttachmentIntent,
  AttachmentKey,
  AttachmentManifestEntry,
  OrphanClaim,
  OrphanQuery,
} from '@lash/attachments-core'
import type { CheckedIntent, CommitTarget } from '@lash/attachments-core/backend'
import { ageOf, type Line, type Page } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

class ComparesAgesAsText extends PlainManifest {
  static readonly defect = 'ages are compared as text: 9 comes after 10'
  static readonly caughtBy = ['manifest/ages/are-numbers']

  protected override isAged(line: Line, olderThanEpochMs: number): boolean {
    return String(ageOf(line)) <= String(olderThanEpochMs)
  }
}

/** Padded to one length, but with the sign in front. */
class ComparesNegativeAgesAsText extends PlainManifest {
  static readonly defect = 'ages before 1970 are in the wrong order: they are compared as padded text'
  static readonly caughtBy = ['manifest/ages/are-numbers']

  protected override isAged(line: Line, olderThanEpochMs: number): boolean {
    const text = (time: number) => `${time < 0 ? '-' : '0'}${String(Math.abs(time)).padStart(16, '0')}`
    return text(ageOf(line)) <= text(olderThanEpochMs)
  }
}

class AgesWithoutSign extends PlainManifest {
  static readonly defect = 'ages are stored without a sign'
  static readonly caughtBy = ['manifest/ages/are-numbers']

  protected override isAged(line: Line, olderThanEpochMs: number): boolean {
    return Math.abs(ageOf(line)) <= Math.abs(olderThanEpochMs)
  }
}

class AgesIn32Bits extends PlainManifest {
  static readonly defect = 'ages are kept in 32 bits'
  static readonly caughtBy = ['manifest/ages/are-numbers']

  protected override isAged(line: Line, olderThanEpochMs: number): boolean {
    return (ageOf(line) | 0) <= (olderThanEpochMs | 0)
  }
}

class ListsByText extends PlainManifest {
  static readonly defect = 'listUncommitted compares ages as text, unlike the sweep'
  static readonly caughtBy = ['manifest/ages/are-numbers']

  override async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    for await (const entry of super.listUncommitted(Number.MAX_SAFE_INTEGER)) {
      if (String(entry.intentAtEpochMs) <= String(olderThanEpochMs)) yield entry
    }
  }
}

class ComparesClaimsAsText extends PlainManifest {
  static readonly defect = 'the age of a claim is compared as text'
  static readonly caughtBy = ['manifest/ages/of-claims-are-numbers']

  protected override isStale(page: Page, { staleClaimEpochMs }: OrphanQuery): boolean {
    return staleClaimEpochMs !== undefined && String(page.claimedAt) <= String(staleClaimEpochMs)
  }
}

class ZeroTakesNothingOver extends PlainManifest {
  static readonly defect = 'a `staleClaimEpochMs` of 0 is taken for none'
  static readonly caughtBy = ['manifest/ages/of-claims-are-numbers']

  protected override isStale(page: Page, query: OrphanQuery): boolean {
    return query.staleClaimEpochMs !== 0 && super.isStale(page, query)
  }
}

class KeepsAgeOfTakenOver extends PlainManifest {
  static readonly defect = 'a claim that is taken over keeps the time of the sweeper that is presumed dead'
  static readonly caughtBy = ['manifest/ages/of-claims-are-numbers', 'manifest/takeover and settle/stale-boundary']

  protected override claim(page: Page): OrphanClaim {
    const { claim, claimedAt } = page
    const made = super.claim(page)
    if (claim !== undefined) page.claimedAt = claimedAt
    return made
  }
}

class ReleaseAtZeroIsNone extends PlainManifest {
  static readonly defect = 'what was released at 0 can be committed (`if (releasedAt)`)'
  static readonly caughtBy = ['manifest/ages/zero']

  protected override mayCommit(line: Line, target: CommitTarget): boolean {
    return super.mayCommit(line.releasedAt === 0 ? { ...line, releasedAt: undefined } : line, target)
  }
}

class CommitAtZeroIsNone extends PlainManifest {
  static readonly defect = 'a commit at 0 is made again, with another time (`committedAt ||= now`)'
  static readonly caughtBy = ['manifest/ages/zero']

  protected override commitLines(lines: readonly Line[]): void {
    for (const line of lines) line.committedAt ||= this.notebook.now()
  }
}

class TakesWhatWasCommittedAtZero extends PlainManifest {
  static readonly defect = 'a sweep takes what was committed at 0 for uncommitted'
  static readonly caughtBy = ['manifest/ages/zero']

  protected override isOrphan(lines: readonly Line[], query: OrphanQuery): boolean {
    return super.isOrphan(
      lines.map(line => ({ ...line, committedAt: line.committedAt || undefined })),
      query,
    )
  }
}

class KeepsYoungestTime extends PlainManifest {
  static readonly defect = 'an intent with an older time than the one before leaves that time'
  static readonly caughtBy = ['manifest/ages/set-back']

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    const intentAtEpochMs = Math.max(held?.intentAtEpochMs ?? intent.intentAtEpochMs, intent.intentAtEpochMs)
    super.writeLine(held, { ...intent, intentAtEpochMs }, page)
  }
}

class AgesByTheLatest extends PlainManifest {
  static readonly defect = 'a released ref is as old as its intent, if that has the later time'
  static readonly caughtBy = ['manifest/ages/set-back']

  protected override isAged(line: Line, olderThanEpochMs: number): boolean {
    return Math.max(ageOf(line), line.intentAtEpochMs) <= olderThanEpochMs
  }
}

/** An index of ages that an intent adds to and takes nothing out of. */
class KeepsAgeOfRelease extends PlainManifest {
  static readonly defect = 'what is put again after its release is as old as the release'
  static readonly caughtBy = ['manifest/ages/set-back']
  readonly #ages = new WeakMap<Line, number>()

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    super.writeLine(held, intent, page)
    const line = this.notebook.lines.at(-1)
    if (line !== undefined && held?.releasedAt !== undefined) this.#ages.set(line, held.releasedAt)
  }

  protected override isAged(line: Line, olderThanEpochMs: number): boolean {
    return (this.#ages.get(line) ?? ageOf(line)) <= olderThanEpochMs
  }
}

class GenerationsIn32Bits extends PlainManifest {
  static readonly defect = 'generations are numbers of 32 bits'
  static readonly caughtBy = ['manifest/generations/are-numbers']

  override async recordIntent(intent: AttachmentIntent): Promise<number> {
    return (await super.recordIntent(intent)) | 0
  }
}

class GenerationsAsFloats extends PlainManifest {
  static readonly defect = 'generations are numbers of four bytes with a point (REAL)'
  static readonly caughtBy = ['manifest/generations/are-numbers']

  protected override claimBlob(blob: AttachmentKey): OrphanClaim | undefined {
    return super.claimBlob({ ...blob, generation: Math.fround(blob.generation) })
  }
}

class ComparesGenerationsAsText extends PlainManifest {
  static readonly defect = 'generations are compared as text: a copy at 9 is above content at 10'
  static readonly caughtBy = ['manifest/generations/are-numbers']

  protected override claimBlob(blob: AttachmentKey): OrphanClaim | undefined {
    const { generation = blob.generation } = this.notebook.pages.get(blob.id) ?? {}
    const isBelow = String(blob.generation) < String(generation)
    return blob.generation < generation && !isBelow ? undefined : super.claimBlob(blob)
  }
}

class GivesGenerationsAsText extends PlainManifest {
  static readonly defect = 'claims say their generation as text, as a database gives it'
  static readonly caughtBy = ['manifest/claim/takes-orphans']

  protected override claim(page: Page): OrphanClaim {
    const claim = super.claim(page)
    return { ...claim, generation: String(claim.generation) as unknown as number }
  }
}

export const numberSabotages: readonly SabotagedManifest[] = [
  ComparesAgesAsText,
  ComparesNegativeAgesAsText,
  AgesWithoutSign,
  AgesIn32Bits,
  ListsByText,
  ComparesClaimsAsText,
  ZeroTakesNothingOver,
  KeepsAgeOfTakenOver,
  ReleaseAtZeroIsNone,
  CommitAtZeroIsNone,
  TakesWhatWasCommittedAtZero,
  KeepsYoungestTime,
  AgesByTheLatest,
  KeepsAgeOfRelease,
  GenerationsIn32Bits,
  GenerationsAsFloats,
  ComparesGenerationsAsText,
  GivesGenerationsAsText,
]
