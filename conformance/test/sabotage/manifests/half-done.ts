import { setImmediate as turn } from 'node:timers/promises'
import type {
  AttachmentCommitOptions,
  AttachmentHolderOptions,
  AttachmentId,
  AttachmentIntent,
  AttachmentManifestEntry,
  AttachmentRef,
  AttachmentReleaseOptions,
  OrphanClaim,
  OrphanQuery,
} from '@lash/attachments-core'
import { checkCommit, checkIntent } from '@lash/attachments-core/backend'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

class ReleasesRefByRef extends PlainManifest {
  static readonly defect = 'a release of many ids is one write for each, and a reader sees some of them'
  static readonly caughtBy = ['manifest/seen from outside/release']

  override async releaseRefs(
    sessionId: string,
    ids?: readonly AttachmentId[],
    options?: AttachmentReleaseOptions,
  ): Promise<void> {
    if (ids === undefined) return super.releaseRefs(sessionId, ids, options)
    for (const id of ids) {
      await super.releaseRefs(sessionId, [id], options)
      await turn()
    }
  }
}

class ReleasesInMicrotasks extends PlainManifest {
  static readonly defect = 'a release awaits something in memory between one ref and the next'
  static readonly caughtBy = ['manifest/seen from outside/release']

  override async releaseRefs(
    sessionId: string,
    ids?: readonly AttachmentId[],
    options?: AttachmentReleaseOptions,
  ): Promise<void> {
    if (ids === undefined) return super.releaseRefs(sessionId, ids, options)
    for (const id of ids) await super.releaseRefs(sessionId, [id], options)
  }
}

class ReleasesSessionsRefByRef extends PlainManifest {
  static readonly defect = 'the end of a session is one write for each ref, and a reader sees some of them'
  static readonly caughtBy = ['manifest/seen from outside/release']

  override async releaseRefs(
    sessionId: string,
    ids?: readonly AttachmentId[],
    options?: AttachmentReleaseOptions,
  ): Promise<void> {
    if (ids !== undefined) return super.releaseRefs(sessionId, ids, options)
    for (const { attachmentId } of this.linesOf(sessionId, options?.holder).toReversed()) {
      await super.releaseRefs(sessionId, [attachmentId], options)
      await turn()
    }
  }
}

class CommitsRefByRef extends PlainManifest {
  static readonly defect = 'a commit checks all its refs, and then writes one after the other'
  static readonly caughtBy = ['manifest/seen from outside/commit']

  override async commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: AttachmentCommitOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted()
    const lines = this.committable(sessionId, checkCommit(refs), options.holder ?? '')
    for (const line of lines) {
      this.commitLines([line])
      await turn()
    }
  }
}

class SettlesIdById extends PlainManifest {
  static readonly defect = 'a settlement is one write for each claim, and an audit sees some of them'
  static readonly caughtBy = ['manifest/seen from outside/settle']

  override async settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    for (const claim of claims) {
      await super.settleClaims([claim])
      await turn()
    }
  }
}

class ForgetsRefByRef extends PlainManifest {
  static readonly defect = 'forget drops one ref after the other'
  static readonly caughtBy = ['manifest/seen from outside/drop']

  override async forget(id: AttachmentId): Promise<void> {
    for (const line of this.notebook.linesOf(id)) {
      this.notebook.erase([line])
      await turn()
    }
    return super.forget(id)
  }
}

class ClaimsRefByRef extends PlainManifest {
  static readonly defect = 'a claim drops one ref of its content after the other'
  static readonly caughtBy = ['manifest/seen from outside/drop']

  override async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    for (const id of query.ids ?? []) {
      const lines = this.notebook.linesOf(id)
      if (!this.isOrphan(lines, query)) continue
      for (const line of lines.slice(1)) {
        this.notebook.erase([line])
        await turn()
      }
    }
    return super.claimOrphans(query)
  }
}

class ClaimsAfterALook extends PlainManifest {
  static readonly defect = 'a sweep looks for orphans, and claims them a moment later without another look'
  static readonly caughtBy = ['manifest/concurrency/commit-during-a-claim', 'manifest/concurrency/commit-against-claim']

  override async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const orphans = [...this.notebook.pages.values()].filter(
      page => query.ids?.includes(page.id) !== false && this.isOrphan(this.notebook.linesOf(page.id), query),
    )
    for (let turns = 0; turns < 3; turns++) await turn()
    return orphans.slice(0, query.limit).map(page => {
      this.notebook.erase(this.notebook.linesOf(page.id))
      return this.claim(page)
    })
  }
}

class CommitsAfterALook extends PlainManifest {
  static readonly defect = 'a commit looks at its refs, and writes a moment later without another look'
  static readonly caughtBy = ['manifest/concurrency/commit-during-a-claim']

  override async commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: AttachmentCommitOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted()
    const lines = this.committable(sessionId, checkCommit(refs), options.holder ?? '')
    for (let turns = 0; turns < 3; turns++) await turn()
    this.commitLines(lines)
  }
}

class RecordsAfterALook extends PlainManifest {
  static readonly defect = 'an intent reads the generation, and writes its ref a moment later without another look'
  static readonly caughtBy = ['manifest/concurrency/intent-during-a-claim']

  override async recordIntent(intent: AttachmentIntent): Promise<number> {
    const checked = checkIntent(intent)
    const { generation, claim } = this.notebook.page(checked.attachmentId, this.firstGeneration())
    for (let turns = 0; turns < 3; turns++) await turn()
    const now = await super.recordIntent(intent)
    return claim === undefined ? generation : now
  }
}

/** A cache that only its own instance empties. */
class CachesLookups extends PlainManifest {
  static readonly defect = 'an instance shows refs as it saw them, whatever another one has changed since'
  static readonly caughtBy = ['manifest/concurrency/another-instance-changes-it']
  readonly #cache = new Map<string, AttachmentManifestEntry | undefined>()

  override async lookup(
    sessionId: string,
    id: AttachmentId,
    options?: AttachmentHolderOptions,
  ): Promise<AttachmentManifestEntry | undefined> {
    const key = JSON.stringify([sessionId, id, options?.holder])
    if (!this.#cache.has(key)) this.#cache.set(key, await super.lookup(sessionId, id, options))
    return structuredClone(this.#cache.get(key))
  }

  override recordIntent(intent: AttachmentIntent): Promise<number> {
    this.#cache.clear()
    return super.recordIntent(intent)
  }

  override commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options?: AttachmentCommitOptions,
  ): Promise<void> {
    this.#cache.clear()
    return super.commitRefs(sessionId, refs, options)
  }
}

class KeepsTokensToItself extends PlainManifest {
  static readonly defect = 'an instance settles no claims but its own'
  static readonly caughtBy = ['manifest/concurrency/another-instance-changes-it']
  readonly #tokens = new Set<string>()

  protected override token(): string {
    const token = super.token()
    this.#tokens.add(token)
    return token
  }

  override settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    return super.settleClaims(claims.filter(({ token }) => this.#tokens.has(token)))
  }
}

/** Answers at once, and writes when the event loop turns. */
class WritesLater extends PlainManifest {
  static readonly defect = 'a release resolves before it is written, and is lost when the manifest closes'
  static readonly caughtBy = ['manifest/close and reopen/close-with-calls-in-flight']
  #isClosed = false

  override async releaseRefs(
    sessionId: string,
    ids?: readonly AttachmentId[],
    options?: AttachmentReleaseOptions,
  ): Promise<void> {
    void turn().then(() => {
      if (!this.#isClosed) return super.releaseRefs(sessionId, ids, options)
    })
  }

  override close(): Promise<void> {
    this.#isClosed = true
    return super.close()
  }
}

export const halfDoneSabotages: readonly SabotagedManifest[] = [
  ReleasesRefByRef,
  ReleasesInMicrotasks,
  ReleasesSessionsRefByRef,
  CommitsRefByRef,
  SettlesIdById,
  ForgetsRefByRef,
  ClaimsRefByRef,
  ClaimsAfterALook,
  CommitsAfterALook,
  RecordsAfterALook,
  CachesLookups,
  KeepsTokensToItself,
  WritesLater,
]
