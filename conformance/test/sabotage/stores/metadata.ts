import type { AttachmentContent, AttachmentKey, AttachmentMeta } from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import type { Sabotaged, WriteArguments } from './sabotage.ts'
import { type Item, ShelfDriver } from './shelf.ts'

class ForgetsMetadata extends ShelfDriver {
  static readonly defect = 'width, height and label are not stored'
  static readonly caughtBy = 'store/metadata/every-field'

  protected override encode({ id, byteLength, mediaType }: AttachmentMeta): string {
    return JSON.stringify({ id, byteLength, mediaType })
  }
}

class LatinLabels extends ShelfDriver {
  static readonly defect = 'labels are stored in an encoding that lacks most of Unicode'
  static readonly caughtBy = 'store/metadata/labels'

  protected override encode(meta: AttachmentMeta): string {
    return Buffer.from(super.encode(meta), 'latin1').toString('latin1')
  }
}

class TrimsLabels extends ShelfDriver {
  static readonly defect = 'blanks at the ends of a label are lost, as in a header'
  static readonly caughtBy = 'store/metadata/labels'

  protected override encode(meta: AttachmentMeta): string {
    return super.encode(meta.label === undefined ? meta : { ...meta, label: meta.label.trim() })
  }
}

class ZeroIsAbsent extends ShelfDriver {
  static readonly defect = 'a width of zero counts as no width'
  static readonly caughtBy = 'store/metadata/extremes'

  protected override encode({ width, height, ...meta }: AttachmentMeta): string {
    return super.encode({ ...meta, ...(width ? { width } : {}), ...(height ? { height } : {}) })
  }
}

class LastMetadataWins extends ShelfDriver {
  static readonly defect = 'a repeated put replaces the metadata of the first'
  static readonly caughtBy = 'store/dedup/metadata-of-first-put-stays'

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    await super.write(key, content, meta, options)
    const item = this.shelf.items.get(physicalName(key))
    if (item !== undefined) item.meta = this.encode(meta)
  }
}

class GuessesMetadata extends ShelfDriver {
  static readonly defect = 'missing metadata is made up'
  static readonly caughtBy = 'store/integrity/get-drop-metadata'

  protected override decode(id: string, item: Item): AttachmentMeta {
    if (item.meta !== undefined) return super.decode(id, item)
    return { id, byteLength: item.bytes.byteLength, mediaType: 'application/octet-stream' }
  }
}

class KeepsBrokenMetadata extends ShelfDriver {
  static readonly defect = 'a repeated put does not replace metadata that cannot be read'
  static readonly caughtBy = 'store/dedup/heals-damage-metadata'

  protected override isPresent(key: AttachmentKey, content: AttachmentContent): boolean {
    return this.shelf.items.get(physicalName(key))?.bytes.byteLength === content.byteLength
  }
}

/** Defects in what happens to the metadata. */
export const metadataSabotages: readonly Sabotaged[] = [
  ForgetsMetadata,
  LatinLabels,
  TrimsLabels,
  ZeroIsAbsent,
  LastMetadataWins,
  GuessesMetadata,
  KeepsBrokenMetadata,
]
