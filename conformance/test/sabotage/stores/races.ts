import { setImmediate as turn } from 'node:timers/promises'
import type { AttachmentKey, AttachmentRef } from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import type { PutArguments, Sabotaged, StageArguments, WriteArguments } from './sabotage.ts'
import { type Item, type Shelf, ShelfDriver } from './shelf.ts'
import { ShelfStore } from './shelf-store.ts'

class ReplacesByDeleting extends ShelfDriver {
  static readonly defect = 'a writer that finds the name taken deletes it and names its own bytes a moment later'
  static readonly caughtBy = 'store/staggered/reader-after-the-first-put'

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    if (this.isPresent(key, content)) return
    const bytes = await this.stage(this.stagingName(key.id), content, options.signal)
    this.shelf.staged.clear()
    this.shelf.items.delete(physicalName(key))
    await turn()
    this.publish(physicalName(key), { bytes, meta: this.encode(meta) })
  }
}

class LeavesItToAnother extends ShelfDriver {
  static readonly defect = 'a put resolves at once when somebody else is just writing the same bytes'
  static readonly caughtBy = 'store/staggered/reader-after-the-first-put'

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    const others = [...this.shelf.staged.keys()].some(name => name.startsWith(`${physicalName(key)}~`))
    if (!others) await super.write(key, content, meta, options)
  }
}

class UndoesAnAbort extends ShelfDriver {
  static readonly defect = 'an aborted put deletes the name, which may be that of another put that has resolved'
  static readonly caughtBy = 'store/staggered/abort-beside-a-put'

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    try {
      await super.write(key, content, meta, options)
    } catch (error) {
      if (options.signal?.aborted) this.shelf.items.delete(physicalName(key))
      throw error
    }
  }
}

/** A driver that stages for a while, and fails when what it has staged is gone. */
abstract class NeedsItsStaging extends ShelfDriver {
  protected override async stage(...[staging, content, signal]: StageArguments): Promise<Uint8Array> {
    this.shelf.staged.set(staging, new Uint8Array(0))
    for (let turns = 0; turns < 5; turns++) {
      await turn()
      signal?.throwIfAborted()
    }
    if (!this.shelf.staged.has(staging)) throw new Error(`ENOENT: ${staging}`)
    return super.stage(staging, content, signal)
  }
}

class JoinsPuts extends NeedsItsStaging {
  static readonly defect = 'puts of the same bytes share one write, and the abort of the first fails all of them'
  static readonly caughtBy = 'store/staggered/abort-beside-a-put'

  readonly #underWay = new Map<string, Promise<void>>()

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    const name = physicalName(key)
    const writing = this.#underWay.get(name) ?? super.write(key, content, meta, options)
    this.#underWay.set(name, writing)
    await writing.finally(() => this.#underWay.delete(name))
  }
}

class SharesStaging extends NeedsItsStaging {
  static readonly defect = 'an abort deletes everything that is staged under the name, of other writers too'
  static readonly caughtBy = 'store/staggered/abort-beside-a-put'

  protected override stage(...[staging, content, signal]: StageArguments): Promise<Uint8Array> {
    return super.stage(staging, content, signal).catch(error => {
      if (signal?.aborted) this.shelf.staged.clear()
      throw error
    })
  }
}

class UndoesARepetition extends ShelfStore {
  static readonly defect = 'an aborted put is undone by a delete, also where the bytes were there before'
  static readonly caughtBy = 'store/staggered/abort-of-a-repeated-put'

  override put(...[body, meta, options = {}]: PutArguments): Promise<AttachmentRef> {
    return super.put(body, meta, options).then(async ref => {
      // Still in flight: it waits for the answer to its write.
      await turn()
      if (!options.signal?.aborted) return ref
      this.shelf.items.delete(ref.id)
      throw options.signal.reason
    })
  }
}

class AbortedPutTakesTheMetadata extends ShelfDriver {
  static readonly defect = 'the metadata is replaced first, so that an aborted put of bytes that are there changes it'
  static readonly caughtBy = 'store/staggered/abort-of-a-repeated-put'

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    const item = this.shelf.items.get(physicalName(key))
    const before = item?.meta
    if (item !== undefined) item.meta = this.encode(meta)
    await turn()
    options.signal?.throwIfAborted()
    if (item !== undefined) item.meta = before
    await super.write(key, content, meta, options)
  }
}

class DeletesMetadataFirst extends ShelfDriver {
  static readonly defect = 'a delete takes the metadata before the bytes, so that readers meet bytes without metadata'
  static readonly caughtBy = 'store/staggered/read-during-a-delete'

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) {
      const item = this.shelf.items.get(physicalName(key))
      if (item !== undefined) item.meta = undefined
      await turn()
      this.shelf.items.delete(physicalName(key))
    }
  }
}

class ShrinksBeforeItDeletes extends ShelfDriver {
  static readonly defect = 'a delete frees the bytes first and then takes the name'
  static readonly caughtBy = 'store/staggered/read-during-a-delete'

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) {
      const name = physicalName(key)
      const item = this.shelf.items.get(name)
      if (item !== undefined) this.shelf.items.set(name, { ...item, bytes: new Uint8Array(0) })
      await turn()
      this.shelf.items.delete(name)
    }
  }
}

class DeletesAfterAnAbort extends ShelfDriver {
  static readonly defect = 'a delete that was aborted is still tried again and again'
  static readonly caughtBy = 'store/abort/mid-delete'

  override async remove(...[keys, options]: Parameters<ShelfDriver['remove']>): Promise<void> {
    for (let tries = 0; tries < 3; tries++) await turn()
    if (options?.signal?.aborted) void this.#tryAgain(keys)
    options?.signal?.throwIfAborted()
    await super.remove(keys)
  }

  async #tryAgain(keys: readonly AttachmentKey[]): Promise<void> {
    for (let tries = 0; tries < 50; tries++) {
      await turn()
      await super.remove(keys)
    }
  }
}

class DeletesLate extends ShelfDriver {
  static readonly defect = 'a delete goes on after it has resolved, and takes what was put since'
  static readonly caughtBy = 'store/staggered/put-during-a-delete'

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) this.shelf.items.delete(physicalName(key))
    void this.#deleteLater(keys)
  }

  async #deleteLater(keys: readonly AttachmentKey[]): Promise<void> {
    for (let turns = 0; turns < 5; turns++) await turn()
    for (const key of keys) this.shelf.items.delete(physicalName(key))
  }
}

class MergesMetadata extends ShelfDriver {
  static readonly defect = 'fields that a later put gives are added to those of the first, as in an upsert'
  static readonly caughtBy = 'store/staggered/different-metadata'

  protected override publish(name: string, item: Item): void {
    const before = this.shelf.items.get(name)?.meta ?? '{}'
    super.publish(name, { ...item, meta: JSON.stringify({ ...JSON.parse(before), ...JSON.parse(item.meta ?? '{}') }) })
  }
}

class HealsByDeleting extends ShelfDriver {
  static readonly defect = 'a damaged copy is deleted before it is written anew, so that readers find nothing'
  static readonly caughtBy = 'store/staggered/read-during-a-heal'

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    if (!this.isPresent(key, content)) this.shelf.items.delete(physicalName(key))
    await super.write(key, content, meta, options)
  }
}

class TidiesUpWhenItOpens extends NeedsItsStaging {
  static readonly defect = 'an instance that opens deletes all that is staged, also of writers that are alive'
  static readonly caughtBy = 'store/staggered/another-opens'

  constructor(shelf: Shelf) {
    super(shelf)
    shelf.staged.clear()
  }
}

class SharesItsEnd extends ShelfDriver {
  static readonly defect = 'the first instance that closes ends the writes of all instances over the same data'
  static readonly caughtBy = 'store/staggered/another-closes'

  static readonly #closings = new WeakMap<Shelf, number>()

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    const closings = SharesItsEnd.#closings.get(this.shelf)
    await super.write(key, content, meta, options)
    if (SharesItsEnd.#closings.get(this.shelf) !== closings) throw new Error('the connection was closed')
  }

  override async close(): Promise<void> {
    SharesItsEnd.#closings.set(this.shelf, (SharesItsEnd.#closings.get(this.shelf) ?? 0) + 1)
  }
}

class NamesBytesFirst extends ShelfDriver {
  static readonly defect = 'the bytes get their name before the metadata do'
  static readonly caughtBy = 'store/concurrency/get-during-put'

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    if (this.isPresent(key, content)) return
    const item: Item = { bytes: await this.stage(key.id, content, options.signal), meta: undefined }
    this.shelf.staged.delete(key.id)
    this.publish(physicalName(key), item)
    await turn()
    item.meta = this.encode(meta)
  }
}

class CountsPuts extends ShelfDriver {
  static readonly defect = 'puts of the same copy are counted, and a delete undoes one of them'
  static readonly caughtBy = 'store/histories/random'

  readonly #counts = new Map<string, number>()

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    await super.write(key, content, meta, options)
    this.#counts.set(physicalName(key), (this.#counts.get(physicalName(key)) ?? 0) + 1)
  }

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) {
      const left = (this.#counts.get(physicalName(key)) ?? 1) - 1
      this.#counts.set(physicalName(key), left)
      if (left <= 0) await super.remove([key])
    }
  }
}

class RevivesWhatWasDeleted extends ShelfDriver {
  static readonly defect = 'a copy that was deleted comes back as it was, with its old metadata, when it is put again'
  static readonly caughtBy = 'store/histories/random'

  readonly #deleted = new Map<string, Item>()

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) {
      const item = this.shelf.items.get(physicalName(key))
      if (item !== undefined) this.#deleted.set(physicalName(key), item)
    }
    await super.remove(keys)
  }

  protected override publish(name: string, item: Item): void {
    super.publish(name, this.#deleted.get(name) ?? item)
  }
}

/** Defects that show only while several calls, or several instances, are at work. */
export const raceSabotages: readonly Sabotaged[] = [
  ReplacesByDeleting,
  LeavesItToAnother,
  UndoesAnAbort,
  JoinsPuts,
  SharesStaging,
  UndoesARepetition,
  AbortedPutTakesTheMetadata,
  DeletesMetadataFirst,
  ShrinksBeforeItDeletes,
  DeletesAfterAnAbort,
  DeletesLate,
  MergesMetadata,
  HealsByDeleting,
  TidiesUpWhenItOpens,
  SharesItsEnd,
  NamesBytesFirst,
  CountsPuts,
  RevivesWhatWasDeleted,
]
