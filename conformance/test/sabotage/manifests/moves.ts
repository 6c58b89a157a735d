import type { AttachmentContentRecord, AttachmentManifestEntry } from '@lash/attachments-core'
import type { ImportBatch, ImportedTombstone } from '@lash/attachments-core/backend'
import type { Page } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import { lineOf } from './plain-moves.ts'
import type { SabotagedManifest } from './sabotage.ts'

class ExportsNoTombstones extends PlainManifest {
  static readonly defect = 'an export has only content that somebody refers to'
  static readonly caughtBy = ['manifest/export/states', 'manifest/import/goes-on']

  override async *exportContents(options = {}): ReturnType<PlainManifest['exportContents']> {
    for await (const record of super.exportContents(options)) {
      if ('floor' in record || record.refs.length > 0) yield record
    }
  }
}

class ExportsClaimsAsTombstones extends PlainManifest {
  static readonly defect = 'an export takes content under a claim for a tombstone at the same generation'
  static readonly caughtBy = ['manifest/export/states', 'manifest/import/claims']

  protected override recordOf(page: Page): AttachmentContentRecord {
    return super.recordOf({ ...page, claim: undefined })
  }
}

class ExportsWhatIsLive extends PlainManifest {
  static readonly defect = 'an export leaves out refs that were released'
  static readonly caughtBy = ['manifest/export/states', 'manifest/import/everything']

  protected override recordOf(page: Page): AttachmentContentRecord {
    const record = super.recordOf(page)
    const refs = record.refs.filter(ref => ref.releasedAtEpochMs === undefined)
    return refs.length > 0 || record.refs.length === 0 ? { ...record, refs } : { ...record, refs, emptiedAtEpochMs: 0 }
  }
}

class ImportsNoFloor extends PlainManifest {
  static readonly defect = 'an import leaves the floor where it is'
  static readonly caughtBy = ['manifest/import/floor']

  protected override restore(batch: ImportBatch): void {
    super.restore({ ...batch, floor: 0 })
  }
}

class ImportsNoTombstones extends PlainManifest {
  static readonly defect = 'an import leaves out what nobody refers to, and with it the generations'
  static readonly caughtBy = ['manifest/import/claims', 'manifest/import/goes-on']

  protected override restoreTombstone(_tombstone: ImportedTombstone): void {}
}

class ImportsAtTheFirstGeneration extends PlainManifest {
  static readonly defect = 'an import begins generations anew'
  static readonly caughtBy = ['manifest/import/everything', 'manifest/import/goes-on']

  protected override restoreLine(ref: AttachmentManifestEntry): void {
    super.restoreLine({ ...ref, generation: 0 })
  }
}

class ImportsAsUncommitted extends PlainManifest {
  static readonly defect = 'an import records refs as intents'
  static readonly caughtBy = ['manifest/import/everything', 'manifest/import/goes-on']

  protected override restoreLine({ committedAtEpochMs: _, ...ref }: AttachmentManifestEntry): void {
    super.restoreLine(ref)
  }
}

class ImportsOneHolder extends PlainManifest {
  static readonly defect = 'an import takes all refs of a session to one content for those of one holder'
  static readonly caughtBy = ['manifest/import/everything']

  protected override restoreLine(ref: AttachmentManifestEntry): void {
    const page = this.notebook.page(ref.attachmentId, ref.generation)
    const isKnown = this.notebook.linesOf(page.id).some(({ sessionId }) => sessionId === ref.sessionId)
    if (!isKnown) super.restoreLine({ ...ref, holder: '' })
  }
}

class ImportsIntoAnything extends PlainManifest {
  static readonly defect = 'an import does not look whether the manifest has been used'
  static readonly caughtBy = ['manifest/import/refused-when-used']

  protected override isUsed(): boolean {
    return false
  }
}

class LooksForRefsOnly extends PlainManifest {
  static readonly defect = 'a manifest that remembers only a generation passes for one that was never used'
  static readonly caughtBy = ['manifest/import/refused-when-used']

  protected override isUsed(): boolean {
    return this.notebook.lines.length > 0
  }
}

class KeepsHalfAnImport extends PlainManifest {
  static readonly defect = 'an import that is refused leaves what it has taken over by then'
  static readonly caughtBy = ['manifest/import/bad-records']

  protected override markImport(): () => void {
    return () => {}
  }
}

class TakesOverInSteps extends PlainManifest {
  static readonly defect = 'an import takes over batch by batch, and keeps what it has when there are no more'
  static readonly caughtBy = ['manifest/import/failing-source', 'manifest/import/aborted']

  protected override async takeOver(batches: AsyncIterable<ImportBatch>): Promise<void> {
    for await (const batch of batches) this.restore(batch)
  }
}

class ImportsRefsTwice extends PlainManifest {
  static readonly defect = 'an import takes content over twice, in two states'
  static readonly caughtBy = ['manifest/import/bad-records']

  protected override restoreLine(ref: AttachmentManifestEntry): void {
    this.notebook.page(ref.attachmentId, ref.generation)
    this.notebook.lines.push(lineOf(ref))
  }
}

export const moveSabotages: readonly SabotagedManifest[] = [
  ExportsNoTombstones,
  ExportsClaimsAsTombstones,
  ExportsWhatIsLive,
  ImportsNoFloor,
  ImportsNoTombstones,
  ImportsAtTheFirstGeneration,
  ImportsAsUncommitted,
  ImportsOneHolder,
  ImportsIntoAnything,
  LooksForRefsOnly,
  KeepsHalfAnImport,
  TakesOverInSteps,
  ImportsRefsTwice,
]
