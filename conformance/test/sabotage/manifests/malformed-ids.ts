import {
  type AttachmentClaimBlobsOptions,
  type AttachmentId,
  AttachmentInvalidArgumentError,
  type AttachmentKey,
  type AttachmentReleaseOptions,
  isAttachmentId,
  type OrphanClaim,
  type OrphanQuery,
} from '@lash/attachments-core'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

type Ids = readonly AttachmentId[] | undefined

class ReleasesAllForNoGoodId extends PlainManifest {
  static readonly defect = 'a release of ids of which none is well-formed releases everything'
  static readonly caughtBy = ['manifest/malformed ids/release']

  override releaseRefs(sessionId: string, ids?: Ids, options?: AttachmentReleaseOptions): Promise<void> {
    const good = ids?.filter(isAttachmentId)
    return super.releaseRefs(sessionId, ids?.length !== 0 && good?.length === 0 ? undefined : ids, options)
  }
}

class ClaimsAllForNoGoodId extends PlainManifest {
  static readonly defect = 'a sweep of ids of which none is well-formed sweeps everything'
  static readonly caughtBy = ['manifest/malformed ids/claim']

  override claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const good = query.ids?.filter(isAttachmentId)
    return super.claimOrphans(query.ids?.length !== 0 && good?.length === 0 ? { ...query, ids: undefined } : query)
  }
}

class RefusesStrangeReleases extends PlainManifest {
  static readonly defect = 'a release that names a malformed id is refused as a whole'
  static readonly caughtBy = ['manifest/malformed ids/release', 'manifest/release/unknown']

  override async releaseRefs(sessionId: string, ids?: Ids, options?: AttachmentReleaseOptions): Promise<void> {
    if (ids?.every(isAttachmentId) === false) throw new AttachmentInvalidArgumentError('a malformed id')
    return super.releaseRefs(sessionId, ids, options)
  }
}

class EndsReleasesAtStrangeIds extends PlainManifest {
  static readonly defect = 'a release ends at the first malformed id, and leaves those behind it'
  static readonly caughtBy = ['manifest/malformed ids/release']

  override releaseRefs(sessionId: string, ids?: Ids, options?: AttachmentReleaseOptions): Promise<void> {
    const end = ids?.findIndex(id => !isAttachmentId(id)) ?? -1
    return super.releaseRefs(sessionId, end === -1 ? ids : ids?.slice(0, end), options)
  }
}

class EndsSettlementsAtStrangeIds extends PlainManifest {
  static readonly defect = 'a settlement ends at the first malformed id, and leaves the claims behind it'
  static readonly caughtBy = ['manifest/malformed ids/settle']

  override settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    const end = claims.findIndex(({ attachmentId }) => !isAttachmentId(attachmentId))
    return super.settleClaims(end === -1 ? claims : claims.slice(0, end))
  }
}

/** As `decode(id, 'hex')` does, which takes either case. */
class FoldsIdsOfReleases extends PlainManifest {
  static readonly defect = 'a release takes an id in upper case'
  static readonly caughtBy = ['manifest/malformed ids/release']

  override releaseRefs(sessionId: string, ids?: Ids, options?: AttachmentReleaseOptions): Promise<void> {
    return super.releaseRefs(
      sessionId,
      ids?.map(id => id.toLowerCase()),
      options,
    )
  }
}

class FoldsIdsOfSweeps extends PlainManifest {
  static readonly defect = 'a sweep takes ids in upper case'
  static readonly caughtBy = ['manifest/malformed ids/claim', 'manifest/claim/ids']

  override claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    return super.claimOrphans({ ...query, ids: query.ids?.map(id => id.toLowerCase()) })
  }
}

class TrimsIdsOfAudits extends PlainManifest {
  static readonly defect = 'an audit takes ids with white space around them'
  static readonly caughtBy = ['manifest/malformed ids/audit']

  override claimBlobs(blobs: readonly AttachmentKey[], options?: AttachmentClaimBlobsOptions): Promise<OrphanClaim[]> {
    return super.claimBlobs(
      blobs.map(({ id, generation }) => ({ id: id.trim(), generation })),
      options,
    )
  }
}

class SettlesByToken extends PlainManifest {
  static readonly defect = 'a settlement goes by the token alone, whatever id stands beside it'
  static readonly caughtBy = ['manifest/malformed ids/settle', 'manifest/takeover and settle/settle-wrong-token']

  override settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    const pages = [...this.notebook.pages.values()]
    return super.settleClaims(
      claims.flatMap(claim =>
        pages.filter(page => page.claim === claim.token).map(({ id }) => ({ ...claim, attachmentId: id })),
      ),
    )
  }
}

class ForgetsByPattern extends PlainManifest {
  static readonly defect = 'forget takes an id for a pattern (LIKE)'
  static readonly caughtBy = ['manifest/malformed ids/forget', 'manifest/forget/unknown']

  override async forget(id: AttachmentId): Promise<void> {
    if (!/^[0-9a-f%_]+$/.test(id)) return
    const pattern = new RegExp(`^${id.replaceAll('%', '.*').replaceAll('_', '.')}$`)
    for (const known of [...this.notebook.pages.keys()]) if (pattern.test(known)) await super.forget(known)
  }
}

class ForgetsUnknownContent extends PlainManifest {
  static readonly defect = 'forget makes a row of content that nobody has put'
  static readonly caughtBy = ['manifest/malformed ids/forget']

  override forget(id: AttachmentId): Promise<void> {
    if (isAttachmentId(id)) this.notebook.page(id, this.firstGeneration())
    return super.forget(id)
  }
}

export const malformedIdSabotages: readonly SabotagedManifest[] = [
  ReleasesAllForNoGoodId,
  ClaimsAllForNoGoodId,
  RefusesStrangeReleases,
  EndsReleasesAtStrangeIds,
  EndsSettlementsAtStrangeIds,
  FoldsIdsOfReleases,
  FoldsIdsOfSweeps,
  TrimsIdsOfAudits,
  SettlesByToken,
  ForgetsByPattern,
  ForgetsUnknownContent,
]
