import { setImmediate as turn } from 'node:timers/promises'
import {
  type AttachmentBody,
  type AttachmentContent,
  type AttachmentCreateMeta,
  type AttachmentGetOptions,
  type AttachmentKey,
  type AttachmentPutOptions,
  type AttachmentRef,
  PortableAttachmentStore,
  type PortableAttachmentStoreOptions,
  type StoredAttachment,
} from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import { onDriver, onStore, type Sabotage } from './sabotage.ts'
import { type Item, type Shelf, ShelfDriver } from './shelf.ts'

class SharesItsBuffers extends ShelfDriver {
  protected override bodyOf(bytes: Uint8Array): Uint8Array {
    return bytes
  }
}

class CopiesTooLate extends PortableAttachmentStore {
  constructor(shelf: Shelf, options: PortableAttachmentStoreOptions) {
    super(new ShelfDriver(shelf), options)
  }

  override async put(body: AttachmentBody, meta: AttachmentCreateMeta, options?: AttachmentPutOptions) {
    await turn()
    return super.put(body, meta, options)
  }
}

class BelievesContent extends PortableAttachmentStore {
  readonly #shelf: Shelf

  constructor(shelf: Shelf, options: PortableAttachmentStoreOptions) {
    super(new ShelfDriver(shelf), options)
    this.#shelf = shelf
  }

  override async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options?: AttachmentPutOptions,
  ): Promise<AttachmentRef> {
    const claimed = (body as Partial<AttachmentContent>).id
    const ref = await super.put(body, meta, options)
    if (claimed === undefined || claimed === ref.id) return ref
    const item = this.#shelf.items.get(ref.id)
    if (item !== undefined) this.#shelf.items.set(claimed, item)
    return { ...ref, id: claimed }
  }
}

class SkipsVerification extends PortableAttachmentStore {
  constructor(shelf: Shelf, options: PortableAttachmentStoreOptions) {
    super(new ShelfDriver(shelf), options)
  }

  override get(id: string, options?: AttachmentGetOptions): Promise<StoredAttachment> {
    return super.get(id, { ...options, verify: false })
  }
}

class WritesInPlace extends ShelfDriver {
  override async write(...[key, content, meta, options]: Parameters<ShelfDriver['write']>): Promise<void> {
    const item: Item = { bytes: new Uint8Array(0), meta: this.encode(meta) }
    this.shelf.items.set(physicalName(key), item)
    for await (const chunk of content.stream()) {
      options.signal?.throwIfAborted()
      item.bytes = Buffer.concat([item.bytes, chunk])
      await turn()
    }
  }
}

class DedupsByLength extends ShelfDriver {
  protected override isPresent(key: AttachmentKey, content: AttachmentContent): boolean {
    for (const [name, item] of this.shelf.items) {
      if (item.bytes.byteLength !== content.byteLength) continue
      // "The same bytes": one more name for them.
      this.shelf.items.set(physicalName(key), item)
      return name !== ''
    }
    return false
  }
}

class NeverHeals extends ShelfDriver {
  protected override isPresent(key: AttachmentKey): boolean {
    return this.shelf.items.has(physicalName(key))
  }
}

class LosesTheLastByte extends ShelfDriver {
  protected override publish(name: string, item: Item): void {
    const { bytes } = item
    // A part size of 5 MiB, and an off-by-one where a body fills a part exactly.
    const full = bytes.byteLength > 0 && bytes.byteLength % (5 * 1024 * 1024) === 0
    super.publish(name, full ? { ...item, bytes: bytes.subarray(0, -1) } : item)
  }
}

/** Defects in what happens to the bytes. */
export const byteSabotages: readonly Sabotage[] = [
  {
    name: 'shares its buffers',
    defect: 'read hands out the stored bytes themselves, so a caller can change them',
    caughtBy: 'store/round trip/output-changed',
    open: onDriver(SharesItsBuffers),
  },
  {
    name: 'copies too late',
    defect: 'put copies the array after its first await',
    caughtBy: 'store/round trip/input-changed-afterwards',
    open: onStore(CopiesTooLate),
  },
  {
    name: 'believes content',
    defect: 'put believes the id that content from elsewhere claims to have',
    caughtBy: 'store/round trip/content-that-lies',
    open: onStore(BelievesContent),
  },
  {
    name: 'skips verification',
    defect: 'get does not compare the digest',
    caughtBy: 'store/integrity/get-flip',
    open: onStore(SkipsVerification),
  },
  {
    name: 'writes in place',
    defect: 'bytes are written under their final name, piece by piece',
    caughtBy: 'store/concurrency/get-during-put',
    open: onDriver(WritesInPlace),
  },
  {
    name: 'dedups by length',
    defect: 'bytes of the same length are taken for the same bytes',
    caughtBy: 'store/dedup/same-length',
    open: onDriver(DedupsByLength),
  },
  {
    name: 'never heals',
    defect: 'a name that is there is taken for bytes that are there',
    caughtBy: 'store/dedup/heals-truncate',
    open: onDriver(NeverHeals),
  },
  {
    name: 'loses the last byte',
    defect: 'a body that fills its last part exactly loses a byte',
    caughtBy: 'store/sizes/5-mib',
    open: onDriver(LosesTheLastByte),
  },
]
