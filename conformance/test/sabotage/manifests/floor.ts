import type { AttachmentIntent } from '@lash/attachments-core'
import type { CommitTarget } from '@lash/attachments-core/backend'
import type { Line, Notebook, Page } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

class RaisesNoFloor extends PlainManifest {
  static readonly defect = 'what is purged begins again at generation 0: a clock is trusted'
  static readonly caughtBy = [
    'session/historical losses/jumping-clock',
    'manifest/purge/never-used-again',
    'manifest/purge/again-and-again',
    'manifest/purge/of-many-contents',
    'manifest/purge/stalled-deleter',
    'manifest/purge/stalled-auditor',
    'manifest/purge/forgotten',
    'manifest/purge/with-intents',
    'manifest/clock/between-claim-and-settle',
    'manifest/clock/while-forgetting',
    'session/historical losses/stalled-sweeper-of-a-forgotten-row',
  ]

  protected override raiseFloor(): void {}
}

class RaisesFloorTooLittle extends PlainManifest {
  static readonly defect = 'a purge raises the floor to the last generation that was given out, not above it'
  static readonly caughtBy = [
    'manifest/purge/never-used-again',
    'session/historical losses/stalled-sweeper-of-a-forgotten-row',
  ]

  protected override raiseFloor(generation: number): void {
    super.raiseFloor(generation - 1)
  }
}

class SetsFloor extends PlainManifest {
  static readonly defect = 'a purge sets the floor, and may lower it'
  static readonly caughtBy = ['manifest/purge/never-falls', 'manifest/purge/of-many-contents']

  protected override raiseFloor(generation: number): void {
    this.notebook.floor = generation
  }
}

/** Content at its first generation has no row. */
class TakesTheFloorForLiveContent extends PlainManifest {
  static readonly defect = 'content at its first generation is taken to be at the floor, though its refs say otherwise'
  static readonly caughtBy = [
    'manifest/histories/random',
    'manifest/purge/live-stays',
    'session/historical losses/live-when-another-is-forgotten',
  ]

  override recordIntent(intent: AttachmentIntent): Promise<number> {
    const page = this.notebook.pages.get(intent.attachmentId)
    if (page !== undefined && page.claim === undefined && page.settledAt === undefined) {
      page.generation = Math.max(page.generation, this.notebook.floor)
    }
    return super.recordIntent(intent)
  }
}

class PurgesLiveContent extends PlainManifest {
  static readonly defect = 'a purge takes the row of content that has been put again since'
  static readonly caughtBy = ['manifest/purge/live-again-stays']

  protected override isOutdated(page: Page): boolean {
    const lines = this.notebook.lines
    this.notebook.lines = []
    const isOutdated = super.isOutdated(page)
    this.notebook.lines = lines
    return isOutdated
  }
}

class PurgesClaims extends PlainManifest {
  static readonly defect = 'a purge takes the row of content under an old claim'
  static readonly caughtBy = ['manifest/purge/claimed-stays']

  protected override isOutdated(page: Page): boolean {
    return super.isOutdated({ ...page, claim: undefined, settledAt: page.settledAt ?? page.claimedAt })
  }
}

class KeepsFloorToItself extends PlainManifest {
  static readonly defect = 'the floor is kept in the memory of one instance'
  static readonly caughtBy = [
    'manifest/histories/random',
    'manifest/purge/seen-by-others',
    'manifest/purge/survives-a-reopen',
  ]
  #floor = 0

  protected override firstGeneration(): number {
    return this.#floor
  }

  protected override raiseFloor(generation: number): void {
    this.#floor = Math.max(this.#floor, generation)
  }
}

class ReadsFloorOnce extends PlainManifest {
  static readonly defect = 'an instance goes on with the floor that it read when it opened'
  static readonly caughtBy = ['manifest/purge/seen-by-others']
  readonly #floor: number

  constructor(notebook: Notebook) {
    super(notebook)
    this.#floor = notebook.floor
  }

  protected override firstGeneration(): number {
    return this.#floor
  }
}

class ExpiresByTheClock extends PlainManifest {
  static readonly defect = 'a commit is refused when the clock says that its intent is old'
  static readonly caughtBy = ['session/historical losses/jumping-clock', 'manifest/clock/between-intent-and-commit']

  protected override mayCommit(line: Line, target: CommitTarget): boolean {
    const year = 365 * 24 * 60 * 60 * 1000
    const isFresh = this.notebook.time === undefined || this.notebook.now() - line.intentAtEpochMs < year
    return isFresh && super.mayCommit(line, target)
  }
}

export const floorSabotages: readonly SabotagedManifest[] = [
  RaisesNoFloor,
  RaisesFloorTooLittle,
  SetsFloor,
  TakesTheFloorForLiveContent,
  PurgesLiveContent,
  PurgesClaims,
  KeepsFloorToItself,
  ReadsFloorOnce,
  ExpiresByTheClock,
]
