import type { CheckedIntent } from '@lash/attachments-core/backend'
import type { Line, Page } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

class IgnoresSecondIntent extends PlainManifest {
  static readonly defect = 'one row per content: the intent of a second session is ignored (ON CONFLICT DO NOTHING)'
  static readonly caughtBy = [
    'session/adopt/of-what-is-pending',
    'session/adopt/outlives-its-source',
    'manifest/intent/second-session',
    'session/historical losses/dead-first-writer',
  ]

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    if (held === undefined && this.notebook.linesOf(intent.attachmentId).length > 0) return
    super.writeLine(held, intent, page)
  }
}

class KeepsFirstTime extends PlainManifest {
  static readonly defect = 'recording again refreshes nothing'
  static readonly caughtBy = ['manifest/intent/refreshes', 'session/boundary/own-metadata-changes']

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    if (held === undefined || held.releasedAt !== undefined) super.writeLine(held, intent, page)
  }
}

class UncommitsOnRePut extends PlainManifest {
  static readonly defect = 'recording again clears the commit'
  static readonly caughtBy = [
    'manifest/histories/random',
    'session/adopt/again',
    'session/adopt/bytes-gone-of-committed',
    'manifest/intent/re-put-stays-committed',
  ]

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    super.writeLine(held && { ...held, committedAt: undefined }, intent, page)
    if (held !== undefined) this.notebook.erase([held])
  }
}

class RevivesOldCommit extends PlainManifest {
  static readonly defect = 'recording released content again brings its old commit back'
  static readonly caughtBy = ['manifest/intent/re-put-after-release']

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    super.writeLine(held, intent, page)
    const line = this.find(intent.sessionId, intent.attachmentId, intent.holder)
    if (line !== undefined) line.committedAt = held?.committedAt
  }
}

class KeepsGenerationUnderClaim extends PlainManifest {
  static readonly defect =
    'an intent that meets a claim takes it away and stays at the generation that is being deleted'
  static readonly caughtBy = [
    'session/adopt against sweeps/meets-a-claim',
    'manifest/intent/meets-claim',
    'session/historical losses/stalled-sweeper',
  ]

  protected override meetClaim(page: Page): void {
    page.claim = undefined
  }
}

class KeepsClaimUnderIntent extends PlainManifest {
  static readonly defect = 'an intent that meets a claim leaves it standing'
  static readonly caughtBy = ['manifest/intent/drops-claim', 'session/audit/put-after-the-claim']

  protected override meetClaim(page: Page): void {
    page.generation++
  }
}

class SharesMetadata extends PlainManifest {
  static readonly defect = 'metadata is kept per content, not per session'
  static readonly caughtBy = [
    'session/adopt/carries-metadata',
    'manifest/intent/second-session',
    'session/historical losses/label-of-another',
  ]

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    const meta = this.notebook.linesOf(intent.attachmentId)[0]?.meta ?? intent.meta
    super.writeLine(held, { ...intent, ...(meta === undefined ? {} : { meta }) }, page)
  }
}

class FoldsSessionIds extends PlainManifest {
  static readonly defect = 'session ids are compared without case (COLLATE NOCASE)'
  static readonly caughtBy = ['manifest/session ids/distinct', 'session/boundary/like-named']

  protected override isSession(line: Line, sessionId: string): boolean {
    return line.sessionId.toLowerCase() === sessionId.toLowerCase()
  }
}

class NormalizesSessionIds extends PlainManifest {
  static readonly defect = 'session ids are compared in normal form'
  static readonly caughtBy = ['manifest/session ids/commit-and-release-alone', 'session/boundary/like-named']

  protected override isSession(line: Line, sessionId: string): boolean {
    return line.sessionId.normalize() === sessionId.normalize()
  }
}

class CutsSessionIds extends PlainManifest {
  static readonly defect = 'session ids are cut to 255 characters'
  static readonly caughtBy = ['manifest/session ids/distinct']

  protected override isSession(line: Line, sessionId: string): boolean {
    return line.sessionId.slice(0, 255) === sessionId.slice(0, 255)
  }
}

export const intentSabotages: readonly SabotagedManifest[] = [
  IgnoresSecondIntent,
  KeepsFirstTime,
  UncommitsOnRePut,
  RevivesOldCommit,
  KeepsGenerationUnderClaim,
  KeepsClaimUnderIntent,
  SharesMetadata,
  FoldsSessionIds,
  NormalizesSessionIds,
  CutsSessionIds,
]
