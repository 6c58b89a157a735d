import type { AttachmentIntent } from '@lash/attachments-core'
import type { Line, Page } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { ManifestSabotage } from './sabotage.ts'

class IgnoresSecondIntent extends PlainManifest {
  protected override writeLine(held: Line | undefined, intent: AttachmentIntent, page: Page): void {
    if (held === undefined && this.notebook.linesOf(intent.attachmentId).length > 0) return
    super.writeLine(held, intent, page)
  }
}

class KeepsFirstTime extends PlainManifest {
  protected override writeLine(held: Line | undefined, intent: AttachmentIntent, page: Page): void {
    if (held === undefined || held.releasedAt !== undefined) super.writeLine(held, intent, page)
  }
}

class UncommitsOnRePut extends PlainManifest {
  protected override writeLine(held: Line | undefined, intent: AttachmentIntent, page: Page): void {
    super.writeLine(held && { ...held, committedAt: undefined }, intent, page)
    if (held !== undefined) this.notebook.erase([held])
  }
}

class RevivesOldCommit extends PlainManifest {
  protected override writeLine(held: Line | undefined, intent: AttachmentIntent, page: Page): void {
    super.writeLine(held, intent, page)
    const line = this.find(intent.sessionId, intent.attachmentId)
    if (line !== undefined) line.committedAt = held?.committedAt
  }
}

/** A claim is a lease here: who meets it takes it away and writes at the same name. */
class KeepsGenerationUnderClaim extends PlainManifest {
  protected override meetClaim(page: Page): void {
    page.claim = undefined
  }
}

class KeepsClaimUnderIntent extends PlainManifest {
  protected override meetClaim(page: Page): void {
    page.generation++
  }
}

class SharesMetadata extends PlainManifest {
  protected override writeLine(held: Line | undefined, intent: AttachmentIntent, page: Page): void {
    const meta = this.notebook.linesOf(intent.attachmentId)[0]?.meta ?? intent.meta
    super.writeLine(held, { ...intent, ...(meta === undefined ? {} : { meta }) }, page)
  }
}

class FoldsSessionIds extends PlainManifest {
  protected override isSession(line: Line, sessionId: string): boolean {
    return line.sessionId.toLowerCase() === sessionId.toLowerCase()
  }
}

class NormalizesSessionIds extends PlainManifest {
  protected override isSession(line: Line, sessionId: string): boolean {
    return line.sessionId.normalize() === sessionId.normalize()
  }
}

class CutsSessionIds extends PlainManifest {
  protected override isSession(line: Line, sessionId: string): boolean {
    return line.sessionId.slice(0, 255) === sessionId.slice(0, 255)
  }
}

export const intentSabotages: readonly ManifestSabotage[] = [
  {
    Manifest: IgnoresSecondIntent,
    defect: 'one row per content: the intent of a second session is ignored (ON CONFLICT DO NOTHING)',
    caughtBy: ['manifest/intent/second-session', 'session/historical losses/dead-first-writer'],
  },
  {
    Manifest: KeepsFirstTime,
    defect: 'recording again refreshes nothing',
    caughtBy: ['manifest/intent/refreshes', 'session/boundary/own-metadata-changes'],
  },
  {
    Manifest: UncommitsOnRePut,
    defect: 'recording again clears the commit',
    caughtBy: ['manifest/intent/re-put-stays-committed'],
  },
  {
    Manifest: RevivesOldCommit,
    defect: 'recording released content again brings its old commit back',
    caughtBy: ['manifest/intent/re-put-after-release'],
  },
  {
    Manifest: KeepsGenerationUnderClaim,
    defect: 'an intent that meets a claim takes it away and stays at the generation that is being deleted',
    caughtBy: ['manifest/intent/meets-claim', 'session/historical losses/stalled-sweeper'],
  },
  {
    Manifest: KeepsClaimUnderIntent,
    defect: 'an intent that meets a claim leaves it standing',
    caughtBy: ['manifest/intent/drops-claim', 'session/audit/put-after-the-claim'],
  },
  {
    Manifest: SharesMetadata,
    defect: 'metadata is kept per content, not per session',
    caughtBy: ['manifest/intent/second-session', 'session/historical losses/label-of-another'],
  },
  {
    Manifest: FoldsSessionIds,
    defect: 'session ids are compared without case (COLLATE NOCASE)',
    caughtBy: ['manifest/session ids/distinct', 'session/boundary/like-named'],
  },
  {
    Manifest: NormalizesSessionIds,
    defect: 'session ids are compared in normal form',
    caughtBy: ['manifest/session ids/commit-and-release-alone', 'session/boundary/like-named'],
  },
  {
    Manifest: CutsSessionIds,
    defect: 'session ids are cut to 255 characters',
    caughtBy: ['manifest/session ids/distinct'],
  },
]
