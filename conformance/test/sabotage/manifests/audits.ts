import type { AttachmentClaimBlobsOptions, AttachmentKey, OrphanClaim } from '@lash/attachments-core'
import { checkBlobs } from '@lash/attachments-core/backend'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

class ClaimsInDryRuns extends PlainManifest {
  static readonly defect = 'a dry run claims what it finds'
  static readonly caughtBy = [
    'manifest/audit, dry run/changes-nothing',
    'manifest/audit, dry run/does-not-hold-up',
    'session/audit guard/dry-run',
    'session/audit guard/refused',
    'session/audit guard/at-the-ratio',
    'session/audit guard/aborted',
  ]

  protected override mark(): () => void {
    return () => {}
  }
}

class DryRunsTheHighest extends PlainManifest {
  static readonly defect = 'a dry run finds one copy of each content'
  static readonly caughtBy = ['manifest/audit, dry run/same-copies']

  override async claimBlobs(
    blobs: readonly AttachmentKey[],
    options: AttachmentClaimBlobsOptions = {},
  ): Promise<OrphanClaim[]> {
    const claims = await super.claimBlobs(blobs, options)
    if (!options.dryRun) return claims
    return [...new Map(claims.toReversed().map(claim => [claim.attachmentId, claim])).values()]
  }
}

class HandsOutStandingTokens extends PlainManifest {
  static readonly defect = 'a copy below a claim is returned with the token of the claim'
  static readonly caughtBy = ['manifest/audit, dry run/tokens-settle-nothing', 'manifest/audit/below-a-claim']

  protected override claimBlob(blob: AttachmentKey): OrphanClaim | undefined {
    const claim = super.claimBlob(blob)
    const page = this.notebook.pages.get(blob.id)
    return claim && { ...claim, token: page?.claim ?? claim.token }
  }
}

class DryRunsUnchecked extends PlainManifest {
  static readonly defect = 'a dry run takes no notice of generations that are none'
  static readonly caughtBy = ['manifest/audit, dry run/nothing']

  override claimBlobs(blobs: readonly AttachmentKey[], options?: AttachmentClaimBlobsOptions): Promise<OrphanClaim[]> {
    const checked = options?.dryRun ? blobs.filter(({ generation }) => generation >= 0) : blobs
    return super.claimBlobs(checked, options)
  }
}

class ClaimsInListedOrder extends PlainManifest {
  static readonly defect = 'of several copies, an audit claims the one that is listed first, and leaves those above it'
  static readonly caughtBy = ['manifest/audit/several-copies-at-once']

  protected override taken(blobs: readonly AttachmentKey[]): readonly AttachmentKey[] {
    return checkBlobs(blobs)
  }
}

class AuditsAsIfNothingWasForgotten extends PlainManifest {
  static readonly defect = 'an audit claims copies of unknown content below the floor'
  static readonly caughtBy = ['manifest/audit above and below the floor/below']

  protected override claimBlob(blob: AttachmentKey): OrphanClaim | undefined {
    if (this.notebook.pages.has(blob.id) || this.notebook.linesOf(blob.id).length > 0) return super.claimBlob(blob)
    return this.claim(this.notebook.page(blob.id, blob.generation))
  }
}

class FreesAtTheFloor extends PlainManifest {
  static readonly defect = 'an audit frees copies of unknown content at the floor, where the next intent puts'
  static readonly caughtBy = ['manifest/audit above and below the floor/at', 'session/audit/put-after-the-claim']

  protected override claimBlob(blob: AttachmentKey): OrphanClaim | undefined {
    if (this.notebook.pages.has(blob.id) || blob.generation > this.firstGeneration()) return super.claimBlob(blob)
    return { attachmentId: blob.id, generation: blob.generation, token: this.token() }
  }
}

class LeavesBelowTheFloor extends PlainManifest {
  static readonly defect = 'an audit never deletes copies of content that the manifest has forgotten'
  static readonly caughtBy = [
    'manifest/audit above and below the floor/below',
    'manifest/audit above and below the floor/purged',
  ]

  protected override claimBlob(blob: AttachmentKey): OrphanClaim | undefined {
    if (!this.notebook.pages.has(blob.id) && blob.generation < this.firstGeneration()) return undefined
    return super.claimBlob(blob)
  }
}

export const auditSabotages: readonly SabotagedManifest[] = [
  ClaimsInDryRuns,
  DryRunsTheHighest,
  HandsOutStandingTokens,
  DryRunsUnchecked,
  ClaimsInListedOrder,
  AuditsAsIfNothingWasForgotten,
  FreesAtTheFloor,
  LeavesBelowTheFloor,
]
