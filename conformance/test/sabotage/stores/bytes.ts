import { setImmediate as turn } from 'node:timers/promises'
import type {
  AttachmentContent,
  AttachmentDriverRead,
  AttachmentGetOptions,
  AttachmentKey,
  AttachmentRef,
  StoredAttachment,
} from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import type { PutArguments, ReadArguments, Sabotaged, WriteArguments } from './sabotage.ts'
import { type Item, ShelfDriver } from './shelf.ts'
import { ShelfStore } from './shelf-store.ts'

class SharesItsBuffers extends ShelfDriver {
  static readonly defect = 'read hands out the stored bytes themselves, so a caller can change them'
  static readonly caughtBy = 'store/round trip/output-changed'

  protected override bodyOf(bytes: Uint8Array): Uint8Array {
    return bytes
  }
}

class CopiesTooLate extends ShelfStore {
  static readonly defect = 'put copies the array after its first await'
  static readonly caughtBy = 'store/round trip/input-changed-afterwards'

  override async put(...[body, meta, options]: PutArguments): Promise<AttachmentRef> {
    await turn()
    return super.put(body, meta, options)
  }
}

class BelievesContent extends ShelfStore {
  static readonly defect = 'put believes the id that content from elsewhere claims to have'
  static readonly caughtBy = 'store/round trip/content-that-lies'

  override async put(...[body, meta, options]: PutArguments): Promise<AttachmentRef> {
    const claimed = (body as Partial<AttachmentContent>).id
    const ref = await super.put(body, meta, options)
    if (claimed === undefined || claimed === ref.id) return ref
    const item = this.shelf.items.get(ref.id)
    if (item !== undefined) this.shelf.items.set(claimed, item)
    return { ...ref, id: claimed }
  }
}

class SkipsVerification extends ShelfStore {
  static readonly defect = 'get does not compare the digest'
  static readonly caughtBy = 'store/integrity/get-flip'

  override get(id: string, options?: AttachmentGetOptions): Promise<StoredAttachment> {
    return super.get(id, { ...options, verify: false })
  }
}

class VouchesForADisk extends ShelfDriver {
  static readonly defect = 'read says that the digest of bytes on a disk need not be compared'
  static readonly caughtBy: string = 'store/integrity/get-flip'

  override async read(...[key, options]: ReadArguments): Promise<AttachmentDriverRead | undefined> {
    const found = await super.read(key, options)
    return found && { ...found, verified: found.body }
  }
}

class VouchesForStreams extends VouchesForADisk {
  static override readonly caughtBy: string = 'store/integrity/stream-flip'
}

class WritesInPlace extends ShelfDriver {
  static readonly defect = 'bytes are written under their final name, piece by piece'
  static readonly caughtBy = 'store/concurrency/get-during-put'

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
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
  static readonly defect = 'bytes of the same length count as the same bytes'
  static readonly caughtBy = 'store/dedup/same-length'

  protected override isPresent(key: AttachmentKey, content: AttachmentContent): boolean {
    for (const [name, item] of this.shelf.items) {
      if (item.bytes.byteLength !== content.byteLength) continue
      // "The same bytes" get one more name.
      this.shelf.items.set(physicalName(key), item)
      return name !== ''
    }
    return false
  }
}

class NeverHeals extends ShelfDriver {
  static readonly defect = 'a name that exists counts as bytes that exist'
  static readonly caughtBy = 'store/dedup/heals-truncate'

  protected override isPresent(key: AttachmentKey): boolean {
    return this.shelf.items.has(physicalName(key))
  }
}

class LosesTheLastByte extends ShelfDriver {
  static readonly defect = 'a body that fills its last part exactly loses a byte'
  static readonly caughtBy = 'store/sizes/5-mib'

  protected override publish(name: string, item: Item): void {
    const { bytes } = item
    // Parts have 5 MiB, and a body that fills its last part exactly is off by one.
    const full = bytes.byteLength > 0 && bytes.byteLength % (5 * 1024 * 1024) === 0
    super.publish(name, full ? { ...item, bytes: bytes.subarray(0, -1) } : item)
  }
}

/** Defects in what happens to the bytes. */
export const byteSabotages: readonly Sabotaged[] = [
  SharesItsBuffers,
  CopiesTooLate,
  BelievesContent,
  SkipsVerification,
  VouchesForADisk,
  VouchesForStreams,
  WritesInPlace,
  DedupsByLength,
  NeverHeals,
  LosesTheLastByte,
]
