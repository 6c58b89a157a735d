import type { AttachmentCommitOptions, AttachmentIntent, AttachmentManifestEntry } from '@lash/attachments-core'
import type { CheckedIntent } from '@lash/attachments-core/backend'
import { entryOf, isCommitted, type Line, type Page } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'
import type { SabotagedManifest } from './sabotage.ts'

class KeepsNoLengths extends PlainManifest {
  static readonly defect = 'the length that an intent says is not kept'
  static readonly caughtBy = [
    'session/ref/of-the-manifest-alone',
    'manifest/metadata/byte-length',
    'session/usage/of-the-manifest-alone',
  ]

  protected override shown(line: Line): AttachmentManifestEntry {
    const { byteLength: _, ...entry } = entryOf(line)
    return entry
  }
}

class CutsLengths extends PlainManifest {
  static readonly defect = 'lengths are kept in 32 bits'
  static readonly caughtBy = ['manifest/metadata/byte-length']

  protected override shown(line: Line): AttachmentManifestEntry {
    return { ...entryOf(line), byteLength: line.byteLength % 2 ** 32 }
  }
}

class AcceptsAnyLength extends PlainManifest {
  static readonly defect = 'a length that is none is taken for 0'
  static readonly caughtBy = ['manifest/metadata/byte-length-refused']

  override recordIntent(intent: AttachmentIntent): Promise<number> {
    const isLength = Number.isSafeInteger(intent.byteLength) && intent.byteLength >= 0
    return super.recordIntent({ ...intent, byteLength: isLength ? intent.byteLength : 0 })
  }
}

class OverwritesMetadata extends PlainManifest {
  static readonly defect = 'an intent changes the metadata of a committed ref'
  static readonly caughtBy = [
    'manifest/metadata/kept-when-committed',
    'session/holders/committed-metadata-stays',
    'session/adopt/again',
  ]

  protected override renewed(held: Line, intent: CheckedIntent): Line {
    return { ...super.renewed(held, intent), meta: intent.meta }
  }
}

class FillsMetadata extends PlainManifest {
  static readonly defect = 'an intent gives metadata to a committed ref that has none'
  static readonly caughtBy = ['manifest/metadata/kept-without']

  protected override renewed(held: Line, intent: CheckedIntent): Line {
    return { ...super.renewed(held, intent), meta: held.meta ?? intent.meta }
  }
}

class OverwritesInBatches extends PlainManifest {
  static readonly defect = 'intents that are written together change the metadata of committed refs'
  static readonly caughtBy = ['manifest/metadata/kept-among-many']
  #together = 0

  override async recordIntent(intent: AttachmentIntent): Promise<number> {
    this.#together++
    queueMicrotask(() => this.#together--)
    return super.recordIntent(intent)
  }

  protected override renewed(held: Line, intent: CheckedIntent): Line {
    const renewed = super.renewed(held, intent)
    return this.#together > 1 ? { ...renewed, meta: intent.meta } : renewed
  }
}

class RenewsNoTime extends PlainManifest {
  static readonly defect = 'an intent leaves a committed ref as it is, with its old time'
  static readonly caughtBy = ['manifest/metadata/kept-when-committed', 'manifest/intent/re-put-stays-committed']

  protected override renewed(held: Line): Line {
    return held
  }
}

class MixesMetadata extends PlainManifest {
  static readonly defect = 'what an intent does not say stays as the intent before said it'
  static readonly caughtBy = ['manifest/metadata/set-when-uncommitted', 'manifest/metadata/kept-in-a-race']

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    const meta = intent.meta === undefined ? held?.meta : { ...held?.meta, ...intent.meta }
    super.writeLine(held, { ...intent, ...(meta === undefined ? {} : { meta }) }, page)
  }
}

class CommitsForEver extends PlainManifest {
  static readonly defect = 'refs outlast a forget, and a commit goes along to whatever generation their content moves'
  static readonly caughtBy = ['manifest/metadata/set-at-another-generation', 'manifest/forget/refs']

  protected override settle(page: Page): void {
    const lines = this.notebook.linesOf(page.id)
    super.settle(page)
    this.notebook.lines.push(...lines)
  }

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    super.writeLine(held && isCommitted(held) ? { ...held, generation: page.generation } : held, intent, page)
    if (held !== undefined) this.notebook.erase([held])
  }
}

class SharesMetadataInSessions extends PlainManifest {
  static readonly defect = 'metadata is kept per session, not per holder'
  static readonly caughtBy = ['manifest/metadata/of-another-holder', 'session/chats/other-name']

  protected override writeLine(held: Line | undefined, intent: CheckedIntent, page: Page): void {
    super.writeLine(held, intent, page)
    const ofSession = this.linesOf(intent.sessionId, undefined, this.notebook.linesOf(page.id))
    for (const line of ofSession) line.meta = intent.meta
  }
}

class BelievesClients extends PlainManifest {
  static readonly defect = 'a commit stores the metadata of the refs that it is given'
  static readonly caughtBy = ['manifest/metadata/not-from-a-commit', 'session/ref/not-what-was-sent']

  override async commitRefs(
    sessionId: string,
    refs: Parameters<PlainManifest['commitRefs']>[1],
    options?: AttachmentCommitOptions,
  ): Promise<void> {
    await super.commitRefs(sessionId, refs, options)
    for (const ref of refs) {
      if (typeof ref === 'string') continue
      const { id, byteLength, mediaType, label } = ref
      const line = this.find(sessionId, id, options?.holder ?? '')
      if (line) Object.assign(line, { byteLength, meta: { mediaType, ...(label === undefined ? {} : { label }) } })
    }
  }
}

class LosesEmptyLabels extends PlainManifest {
  static readonly defect = 'an empty label is taken for none'
  static readonly caughtBy = ['manifest/intent/falsy-metadata']

  protected override shown(line: Line): AttachmentManifestEntry {
    const { meta, ...entry } = super.shown(line)
    if (meta === undefined) return entry
    const { label, ...rest } = meta
    return { ...entry, meta: label ? { ...rest, label } : rest }
  }
}

class LosesZeroSizes extends PlainManifest {
  static readonly defect = 'a width of 0 is taken for none'
  static readonly caughtBy = ['manifest/intent/falsy-metadata']

  protected override shown(line: Line): AttachmentManifestEntry {
    const { meta, ...entry } = super.shown(line)
    if (meta === undefined) return entry
    const { width, ...rest } = meta
    return { ...entry, meta: width ? { ...rest, width } : rest }
  }
}

export const metadataSabotages: readonly SabotagedManifest[] = [
  LosesEmptyLabels,
  LosesZeroSizes,
  KeepsNoLengths,
  CutsLengths,
  AcceptsAnyLength,
  OverwritesMetadata,
  FillsMetadata,
  OverwritesInBatches,
  RenewsNoTime,
  MixesMetadata,
  CommitsForEver,
  SharesMetadataInSessions,
  BelievesClients,
]
