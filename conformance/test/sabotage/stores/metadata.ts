import type { AttachmentContent, AttachmentKey, AttachmentMeta } from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import { onDriver, type Sabotage } from './sabotage.ts'
import { type Item, ShelfDriver } from './shelf.ts'

class ForgetsMetadata extends ShelfDriver {
  protected override encode({ id, byteLength, mediaType }: AttachmentMeta): string {
    return JSON.stringify({ id, byteLength, mediaType })
  }
}

class LatinLabels extends ShelfDriver {
  protected override encode(meta: AttachmentMeta): string {
    return Buffer.from(super.encode(meta), 'latin1').toString('latin1')
  }
}

class TrimsLabels extends ShelfDriver {
  protected override encode(meta: AttachmentMeta): string {
    return super.encode(meta.label === undefined ? meta : { ...meta, label: meta.label.trim() })
  }
}

class ZeroIsAbsent extends ShelfDriver {
  protected override encode({ width, height, ...meta }: AttachmentMeta): string {
    return super.encode({ ...meta, ...(width ? { width } : {}), ...(height ? { height } : {}) })
  }
}

class LastMetadataWins extends ShelfDriver {
  override async write(...[key, content, meta, options]: Parameters<ShelfDriver['write']>): Promise<void> {
    await super.write(key, content, meta, options)
    const item = this.shelf.items.get(physicalName(key))
    if (item !== undefined) item.meta = this.encode(meta)
  }
}

class GuessesMetadata extends ShelfDriver {
  protected override decode(id: string, item: Item): AttachmentMeta {
    if (item.meta !== undefined) return super.decode(id, item)
    return { id, byteLength: item.bytes.byteLength, mediaType: 'application/octet-stream' }
  }
}

class KeepsBrokenMetadata extends ShelfDriver {
  protected override isPresent(key: AttachmentKey, content: AttachmentContent): boolean {
    return this.shelf.items.get(physicalName(key))?.bytes.byteLength === content.byteLength
  }
}

/** Defects in what happens to the metadata. */
export const metadataSabotages: readonly Sabotage[] = [
  {
    name: 'forgets metadata',
    defect: 'width, height and label are not stored',
    caughtBy: 'store/metadata/every-field',
    open: onDriver(ForgetsMetadata),
  },
  {
    name: 'latin labels',
    defect: 'labels are stored in an encoding that has not all of Unicode',
    caughtBy: 'store/metadata/labels',
    open: onDriver(LatinLabels),
  },
  {
    name: 'trims labels',
    defect: 'blanks at the ends of a label are lost, as in a header',
    caughtBy: 'store/metadata/labels',
    open: onDriver(TrimsLabels),
  },
  {
    name: 'zero is absent',
    defect: 'a width of zero is taken for none',
    caughtBy: 'store/metadata/extremes',
    open: onDriver(ZeroIsAbsent),
  },
  {
    name: 'last metadata wins',
    defect: 'a repeated put replaces the metadata of the first',
    caughtBy: 'store/dedup/metadata-of-first-put-stays',
    open: onDriver(LastMetadataWins),
  },
  {
    name: 'guesses metadata',
    defect: 'where metadata is missing, some is made up',
    caughtBy: 'store/integrity/get-drop-metadata',
    open: onDriver(GuessesMetadata),
  },
  {
    name: 'keeps broken metadata',
    defect: 'a repeated put does not replace metadata that cannot be read',
    caughtBy: 'store/dedup/heals-damage-metadata',
    open: onDriver(KeepsBrokenMetadata),
  },
]
