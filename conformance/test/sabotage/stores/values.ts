import type {
  AttachmentDriverRead,
  AttachmentId,
  AttachmentKey,
  AttachmentListing,
  AttachmentMeta,
} from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import type { ReadArguments, Sabotaged, WriteArguments } from './sabotage.ts'
import { type Item, ShelfDriver } from './shelf.ts'

class EmptyIsAbsent extends ShelfDriver {
  static readonly defect = 'stat takes a length of zero for "not there"'
  static readonly caughtBy = 'store/sizes/the-empty-blob'

  override async stat(key: AttachmentKey): Promise<AttachmentMeta | undefined> {
    const found = await super.stat(key)
    return found?.byteLength ? found : undefined
  }
}

class EmptyIsNotListed extends ShelfDriver {
  static readonly defect = 'a listing leaves out entries without bytes, which it takes for folders'
  static readonly caughtBy = 'store/sizes/the-empty-blob'

  override async *list(options: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    for await (const blob of super.list(options)) if (blob.byteLength > 0) yield blob
  }
}

class EmptyHasOneCopy extends ShelfDriver {
  static readonly defect = 'the empty blob has no chunks and so no generation: all its copies are one'
  static readonly caughtBy = 'store/generations/metadata-apart'

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    const [copy] = [...this.shelf.items].filter(([name]) => content.byteLength === 0 && name.startsWith(key.id))
    if (copy !== undefined) this.shelf.items.set(physicalName(key), copy[1])
    else await super.write(key, content, meta, options)
  }
}

class SaysWhatWasPut extends ShelfDriver {
  static readonly defect = 'stat gives the length that was put, also where bytes are cut off'
  static readonly caughtBy = 'store/integrity/stat-says-what-is-there'

  override async stat(key: AttachmentKey): Promise<AttachmentMeta | undefined> {
    const found = await super.stat(key)
    const item = this.shelf.items.get(physicalName(key))
    return found && item && { ...found, byteLength: this.decode(key.id, item).byteLength }
  }
}

class HealsTheFirstCopyOnly extends ShelfDriver {
  static readonly defect = 'a put compares what is there with the copy of generation 0'
  static readonly caughtBy = 'store/generations/heals'

  protected override isPresent(...[key, content]: Parameters<ShelfDriver['isPresent']>): boolean {
    if (!this.shelf.items.has(physicalName(key))) return false
    return super.isPresent({ ...key, generation: 0 }, content)
  }
}

class HealsBytesOfLaterCopies extends ShelfDriver {
  static readonly defect = 'of a generation over 0, a put looks at the length and not at the metadata'
  static readonly caughtBy = 'store/generations/heals'

  protected override isPresent(...[key, content]: Parameters<ShelfDriver['isPresent']>): boolean {
    if (key.generation === 0) return super.isPresent(key, content)
    return this.shelf.items.get(physicalName(key))?.bytes.byteLength === content.byteLength
  }
}

class KeepsFields extends ShelfDriver {
  static readonly defect =
    'one object serves all writes, so that a field that is left out has the value of the last put'
  static readonly caughtBy = 'store/metadata/left-out'

  readonly #row: Partial<AttachmentMeta> = {}

  protected override encode(meta: AttachmentMeta): string {
    return JSON.stringify(Object.assign(this.#row, meta))
  }
}

class RevivesFields extends ShelfDriver {
  static readonly defect = 'a delete leaves the row of the metadata, and the next put of the bytes adds to it'
  static readonly caughtBy = 'store/metadata/left-out'

  readonly #rows = new Map<AttachmentId, Partial<AttachmentMeta>>()

  protected override encode(meta: AttachmentMeta): string {
    const row = { ...this.#rows.get(meta.id), ...meta }
    this.#rows.set(meta.id, row)
    return JSON.stringify(row)
  }
}

class GivesItsOwnObject extends ShelfDriver {
  static readonly defect = 'stat gives the object that the store keeps, which the caller may change'
  static readonly caughtBy = 'store/metadata/fresh-objects'

  readonly #kept = new Map<string, AttachmentMeta>()

  override async stat(key: AttachmentKey): Promise<AttachmentMeta | undefined> {
    const found = await super.stat(key)
    if (found === undefined) return undefined
    const kept = this.#kept.get(physicalName(key)) ?? found
    this.#kept.set(physicalName(key), kept)
    return kept
  }
}

class CutsLongMetadata extends ShelfDriver {
  static readonly defect = 'metadata goes into a header of 2 KB, and a label that does not fit is left out'
  static readonly caughtBy = 'store/metadata/all-at-their-largest'

  protected override encode({ label, ...meta }: AttachmentMeta): string {
    const fits = encodeURIComponent(label ?? '').length < 2048
    return super.encode(label !== undefined && fits ? { ...meta, label } : meta)
  }
}

class CountsIn32Bits extends ShelfDriver {
  static readonly defect = 'a generation is kept in 32 bits'
  static readonly caughtBy = 'store/generations/exact'

  override write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    return super.write({ ...key, generation: key.generation >>> 0 }, content, meta, options)
  }
}

class CountsInFloats extends ShelfDriver {
  static readonly defect = 'a listing reads generations as floats of seven digits'
  static readonly caughtBy = 'store/generations/exact'

  override async *list(options: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    for await (const blob of super.list(options)) yield { ...blob, generation: Math.fround(blob.generation) }
  }
}

class KeepsMetadataById extends ShelfDriver {
  static readonly defect = 'the copies of an id share their metadata: that of the last put'
  static readonly caughtBy = 'store/generations/metadata-apart'

  protected override publish(name: string, item: Item): void {
    super.publish(name, item)
    for (const [other, { bytes }] of this.shelf.items) {
      if (other.startsWith(name.slice(0, 64))) this.shelf.items.set(other, { bytes, meta: item.meta })
    }
  }
}

class DeletesSharedMetadata extends ShelfDriver {
  static readonly defect = 'the delete of one copy takes the metadata of all copies of the id'
  static readonly caughtBy = 'store/generations/metadata-apart'

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    await super.remove(keys)
    for (const { id } of keys) {
      for (const [name, item] of this.shelf.items) if (name.startsWith(id)) item.meta = undefined
    }
  }
}

class ReadsTheNewestCopy extends ShelfDriver {
  static readonly defect = 'a read of generation 0 takes whatever copy comes first'
  static readonly caughtBy = 'store/generations/any-copy-will-do'

  override read(...[key, options]: ReadArguments): Promise<AttachmentDriverRead | undefined> {
    const name = physicalName(key)
    const first = this.shelf.items.has(name) ? name : [...this.shelf.items.keys()].find(each => each.startsWith(key.id))
    const generation = Number(first?.slice(65) || 0)
    return super.read(key.generation === 0 ? { ...key, generation } : key, options)
  }
}

/** Defects that show at the edges of what a value can be. */
export const valueSabotages: readonly Sabotaged[] = [
  EmptyIsAbsent,
  EmptyIsNotListed,
  EmptyHasOneCopy,
  SaysWhatWasPut,
  HealsTheFirstCopyOnly,
  HealsBytesOfLaterCopies,
  KeepsFields,
  RevivesFields,
  GivesItsOwnObject,
  CutsLongMetadata,
  CountsIn32Bits,
  CountsInFloats,
  KeepsMetadataById,
  DeletesSharedMetadata,
  ReadsTheNewestCopy,
]
