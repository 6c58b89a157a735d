import {
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentGenerationOptions,
  type AttachmentKey,
  type AttachmentListing,
  PortableAttachmentStore,
  type PortableAttachmentStoreOptions,
} from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import { onDriver, onStore, type Sabotage } from './sabotage.ts'
import { type Shelf, ShelfDriver } from './shelf.ts'

class ListsStaging extends ShelfDriver {
  override async *list(options: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    yield* super.list(options)
    for (const [name, bytes] of this.shelf.staged) {
      const id = name.slice(0, 64)
      if (id.startsWith(options.prefix)) yield { id, generation: 0, byteLength: bytes.byteLength }
    }
  }
}

class ReadsOnePage extends ShelfDriver {
  override async *list(options: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    let count = 0
    for await (const blob of super.list(options)) {
      if (count++ === 1000) return
      yield blob
    }
  }
}

class PagesByOffset extends ShelfDriver {
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
  override list(): AsyncGenerator<AttachmentListing, void, void> {
    return super.list({ prefix: '' })
  }
}

class DeletesGenerationZeroOnly extends PortableAttachmentStore {
  constructor(shelf: Shelf, options: PortableAttachmentStoreOptions) {
    super(new ShelfDriver(shelf), options)
  }

  override delete(id: string, options?: AttachmentGenerationOptions): Promise<void> {
    return super.delete(id, { ...options, generation: options?.generation ?? 0 })
  }
}

class DeletesByPrefix extends ShelfDriver {
  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) {
      for (const name of [...this.shelf.items.keys()]) {
        if (name.startsWith(physicalName(key))) this.shelf.items.delete(name)
      }
    }
  }
}

class FailsOnMissing extends ShelfDriver {
  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) {
      if (!this.shelf.items.delete(physicalName(key))) throw new Error('ENOENT')
    }
  }
}

class InclusiveEnd extends ShelfDriver {
  override read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    return super.read(key, options.end === undefined ? options : { ...options, end: options.end + 1 })
  }
}

class RefusesRangesBeyondTheEnd extends ShelfDriver {
  override async read(
    key: AttachmentKey,
    options: AttachmentDriverReadOptions,
  ): Promise<AttachmentDriverRead | undefined> {
    const length = this.shelf.items.get(physicalName(key))?.bytes.byteLength
    if (length !== undefined && (options.start ?? -1) >= length) throw new Error('416 Range Not Satisfiable')
    return super.read(key, options)
  }
}

class OneStagingName extends ShelfDriver {
  protected override stagingName(name: string): string {
    const staging = `${name}~1`
    if (this.shelf.staged.has(staging)) throw new Error(`EEXIST: ${staging}`)
    return staging
  }
}

/** Defects in names, listings, ranges and deletes. */
export const placeSabotages: readonly Sabotage[] = [
  {
    name: 'lists staging',
    defect: 'a listing shows what is staged',
    caughtBy: 'store/durability/stale-staging',
    open: onDriver(ListsStaging),
  },
  {
    name: 'reads one page',
    defect: 'a listing ends at its first page',
    caughtBy: 'store/list and stat/more-than-1000',
    open: onDriver(ReadsOnePage),
  },
  {
    name: 'pages by offset',
    defect: 'a listing counts its pages from the start, so that a delete makes it skip some',
    caughtBy: 'store/list and stat/stable',
    open: onDriver(PagesByOffset),
  },
  {
    name: 'ignores the prefix',
    defect: 'a listing by prefix lists everything',
    caughtBy: 'store/list and stat/prefixes',
    open: onDriver(IgnoresPrefix),
  },
  {
    name: 'deletes generation 0 only',
    defect: 'delete without a generation leaves the other copies',
    caughtBy: 'store/generations/delete-every-copy',
    open: onStore(DeletesGenerationZeroOnly),
  },
  {
    name: 'deletes by prefix',
    defect: 'deleting generation 1 takes generation 10 along',
    caughtBy: 'store/generations/apart',
    open: onDriver(DeletesByPrefix),
  },
  {
    name: 'fails on what is missing',
    defect: 'two deletes at once: the second finds nothing and fails',
    caughtBy: 'store/generations/delete-of-a-missing-copy',
    open: onDriver(FailsOnMissing),
  },
  {
    name: 'inclusive end',
    defect: 'the end of a range is taken as inclusive, as in HTTP',
    caughtBy: 'store/ranges/like-slice',
    open: onDriver(InclusiveEnd),
  },
  {
    name: 'refuses ranges beyond the end',
    defect: 'a range that starts at the end fails, as in HTTP',
    caughtBy: 'store/ranges/empty',
    open: onDriver(RefusesRangesBeyondTheEnd),
  },
  {
    name: 'one staging name',
    defect: 'two writers of the same bytes stage under the same name, so a dead one blocks the next',
    caughtBy: 'store/durability/stale-staging',
    open: onDriver(OneStagingName),
  },
]
