import type {
  AttachmentDriverRead,
  AttachmentDriverReadOptions,
  AttachmentGenerationOptions,
  AttachmentKey,
  AttachmentListing,
} from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import type { ReadArguments, Sabotaged } from './sabotage.ts'
import { ShelfDriver } from './shelf.ts'
import { ShelfStore } from './shelf-store.ts'

class ListsStaging extends ShelfDriver {
  static readonly defect = 'a listing shows what is staged'
  static readonly caughtBy = 'store/durability/stale-staging'

  override async *list(options: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    yield* super.list(options)
    for (const [name, bytes] of this.shelf.staged) {
      const id = name.slice(0, 64)
      if (id.startsWith(options.prefix)) yield { id, generation: 0, byteLength: bytes.byteLength }
    }
  }
}

class ReadsOnePage extends ShelfDriver {
  static readonly defect = 'a listing ends at its first page'
  static readonly caughtBy = 'store/list and stat/more-than-1000'

  override async *list(options: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    let count = 0
    for await (const blob of super.list(options)) {
      if (count++ === 1000) return
      yield blob
    }
  }
}

class PagesByOffset extends ShelfDriver {
  static readonly defect = 'a listing counts its pages from the start, so that a delete makes it skip some'
  static readonly caughtBy = 'store/list and stat/stable'

  override async *list({ prefix }: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    for (let offset = 0; ; offset += 10) {
      const page: AttachmentListing[] = []
      for await (const blob of super.list({ prefix })) page.push(blob)
      const rows = page.slice(offset, offset + 10)
      yield* rows
      if (rows.length < 10) return
    }
  }
}

class IgnoresPrefix extends ShelfDriver {
  static readonly defect = 'a listing by prefix lists everything'
  static readonly caughtBy = 'store/list and stat/prefixes'

  override list(): AsyncGenerator<AttachmentListing, void, void> {
    return super.list({ prefix: '' })
  }
}

class DeletesGenerationZeroOnly extends ShelfStore {
  static readonly defect = 'delete without a generation leaves the other copies'
  static readonly caughtBy = 'store/generations/delete-every-copy'

  override delete(id: string, options?: AttachmentGenerationOptions): Promise<void> {
    return super.delete(id, { ...options, generation: options?.generation ?? 0 })
  }
}

class DeletesByPrefix extends ShelfDriver {
  static readonly defect = 'deleting generation 1 takes generation 10 along'
  static readonly caughtBy = 'store/generations/apart'

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) {
      for (const name of [...this.shelf.items.keys()]) {
        if (name.startsWith(physicalName(key))) this.shelf.items.delete(name)
      }
    }
  }
}

class FailsOnMissing extends ShelfDriver {
  static readonly defect = 'two deletes at once: the second finds nothing and fails'
  static readonly caughtBy = 'store/generations/delete-of-a-missing-copy'

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) {
      if (!this.shelf.items.delete(physicalName(key))) throw new Error('ENOENT')
    }
  }
}

class InclusiveEnd extends ShelfDriver {
  static readonly defect = 'the end of a range is inclusive, as in HTTP'
  static readonly caughtBy = 'store/ranges/like-slice'

  override read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    return super.read(key, options.end === undefined ? options : { ...options, end: options.end + 1 })
  }
}

class RefusesRangesBeyondTheEnd extends ShelfDriver {
  static readonly defect = 'a range that starts at the end fails, as in HTTP'
  static readonly caughtBy = 'store/ranges/empty'

  override async read(...[key, options]: ReadArguments): Promise<AttachmentDriverRead | undefined> {
    const length = this.shelf.items.get(physicalName(key))?.bytes.byteLength
    if (length !== undefined && (options.start ?? -1) >= length) throw new Error('416 Range Not Satisfiable')
    return super.read(key, options)
  }
}

class OneStagingName extends ShelfDriver {
  static readonly defect = 'two writers of the same bytes stage under the same name, so a dead one blocks the next'
  static readonly caughtBy = 'store/durability/stale-staging'

  protected override stagingName(name: string): string {
    const staging = `${name}~1`
    if (this.shelf.staged.has(staging)) throw new Error(`EEXIST: ${staging}`)
    return staging
  }
}

/** Defects in names, listings, ranges and deletes. */
export const placeSabotages: readonly Sabotaged[] = [
  ListsStaging,
  ReadsOnePage,
  PagesByOffset,
  IgnoresPrefix,
  DeletesGenerationZeroOnly,
  DeletesByPrefix,
  FailsOnMissing,
  InclusiveEnd,
  RefusesRangesBeyondTheEnd,
  OneStagingName,
]
