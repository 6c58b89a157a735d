import { closeSync, openSync } from 'node:fs'
import {
  AttachmentBackendError,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentGenerationOptions,
  type AttachmentGetOptions,
  type AttachmentId,
  type AttachmentKey,
  type AttachmentListing,
  type AttachmentMeta,
  type AttachmentStream,
  type AttachmentStreamOptions,
  type StoredAttachment,
} from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import type { ReadArguments, Sabotaged, WriteArguments } from './sabotage.ts'
import { type Shelf, ShelfDriver } from './shelf.ts'
import { ShelfStore } from './shelf-store.ts'

const MiB = 1024 * 1024

class RefusesACrowd extends ShelfDriver {
  static readonly defect = 'a queue holds 128 writes, and drops those beyond it'
  static readonly caughtBy = 'store/crowds/puts'

  #waiting = 0

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    if (this.#waiting >= 128) return
    this.#waiting++
    try {
      await super.write(key, content, meta, options)
    } finally {
      this.#waiting--
    }
  }
}

class HasAPoolOf32 extends ShelfStore {
  static readonly defect = 'each open stream holds one of 32 connections, and there is no queue for a 33rd'
  static readonly caughtBy = 'store/crowds/reads'

  #open = 0

  override async stream(id: string, options?: AttachmentStreamOptions): Promise<AttachmentStream> {
    if (this.#open >= 32) throw new AttachmentBackendError('too many clients')
    this.#open++
    const { meta, body } = await super.stream(id, options)
    const released = new TransformStream<Uint8Array, Uint8Array>({
      flush: () => {
        this.#open--
      },
    })
    return { meta, body: body.pipeThrough(released) }
  }
}

class DeletesAHundred extends ShelfDriver {
  static readonly defect = 'one request deletes the first 100 keys, and the others are forgotten'
  static readonly caughtBy = 'store/crowds/deletes'

  override remove(keys: readonly AttachmentKey[]): Promise<void> {
    return super.remove(keys.slice(0, 100))
  }
}

class DeletesAllButTheLast extends ShelfDriver {
  static readonly defect = 'a full batch of 1,000 deletes 999'
  static readonly caughtBy = 'store/crowds/deletes'

  override remove(keys: readonly AttachmentKey[]): Promise<void> {
    return super.remove(keys.length === 1000 ? keys.slice(0, 999) : keys)
  }
}

class StopsAtTheFirstMissing extends ShelfDriver {
  static readonly defect = 'a batch of deletes ends at the first key that is not there'
  static readonly caughtBy = 'store/crowds/deletes'

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) {
      if (!this.shelf.items.delete(physicalName(key)) && keys.length > 1) return
    }
  }
}

class PagesById extends ShelfDriver {
  static readonly defect = 'a page of a listing begins after the last id, so that copies of it are skipped'
  static readonly caughtBy = 'store/list and stat/more-than-1000'

  override async *list(options: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    let last = ''
    for (;;) {
      const page: AttachmentListing[] = []
      for await (const blob of super.list(options)) if (blob.id > last) page.push(blob)
      const rows = page.sort((one, other) => (one.id < other.id ? -1 : 1)).slice(0, 500)
      yield* rows
      if (rows.length < 500) return
      last = rows.at(-1)?.id ?? ''
    }
  }
}

class ListsAHundredCopies extends ShelfDriver {
  static readonly defect = 'a listing of one id gives at most 100 copies, so that a delete leaves the others'
  static readonly caughtBy = 'store/crowds/copies-of-one'

  override async *list(options: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    let copies = 0
    for await (const blob of super.list(options)) if (options.prefix.length < 64 || copies++ < 100) yield blob
  }
}

class ReadsEightMiB extends ShelfDriver {
  static readonly defect = 'a range gives at most 8 MiB'
  static readonly caughtBy = 'store/sizes/over-64-mib-streamed'

  override read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    const { start = 0, end = Number.POSITIVE_INFINITY } = options
    return super.read(key, options.end === undefined ? options : { ...options, end: Math.min(end, start + 8 * MiB) })
  }
}

class CountsIn24Bits extends ShelfDriver {
  static readonly defect = 'the position of a range wraps at 16 MiB'
  static readonly caughtBy = 'store/sizes/over-64-mib-streamed'

  override read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    const { start, end } = options
    if (start === undefined || end === undefined || start < 16 * MiB) return super.read(key, options)
    return super.read(key, { ...options, start: start % (16 * MiB), end: (start % (16 * MiB)) + end - start })
  }
}

class KnowsWhatItPut extends ShelfDriver {
  static readonly defect = 'an instance remembers what it has put, and does not look whether it is still there'
  static readonly caughtBy = 'store/instances/deleted-by-another'

  readonly #put = new Set<string>()

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    if (this.#put.has(physicalName(key))) return
    await super.write(key, content, meta, options)
    this.#put.add(physicalName(key))
  }

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const key of keys) this.#put.delete(physicalName(key))
    await super.remove(keys)
  }
}

class KnowsWhatIsMissing extends ShelfDriver {
  static readonly defect = 'an instance remembers what it has not found, until it puts that itself'
  static readonly caughtBy = 'store/instances/put-by-another'

  readonly #missing = new Set<string>()

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    this.#missing.delete(physicalName(key))
    await super.write(key, content, meta, options)
  }

  override async read(...[key, options]: ReadArguments): Promise<AttachmentDriverRead | undefined> {
    const name = physicalName(key)
    const found = this.#missing.has(name) ? undefined : await super.read(key, options)
    if (found === undefined) this.#missing.add(name)
    return found
  }
}

class RemembersListings extends ShelfDriver {
  static readonly defect = 'a listing is kept until this instance writes something itself'
  static readonly caughtBy = 'store/instances/put-by-another'

  readonly #listings = new Map<string, AttachmentListing[]>()

  override async write(...[key, content, meta, options]: WriteArguments): Promise<void> {
    this.#listings.clear()
    await super.write(key, content, meta, options)
  }

  override async remove(keys: readonly AttachmentKey[]): Promise<void> {
    this.#listings.clear()
    await super.remove(keys)
  }

  override async *list(options: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    const kept = this.#listings.get(options.prefix)
    if (kept !== undefined) return yield* kept.map(blob => ({ ...blob }))
    const listed: AttachmentListing[] = []
    for await (const blob of super.list(options)) {
      listed.push({ ...blob })
      yield blob
    }
    this.#listings.set(options.prefix, listed)
  }
}

class RemembersMetadata extends ShelfDriver {
  static readonly defect = 'metadata is kept in the instance, while another deletes the bytes and puts them again'
  static readonly caughtBy = 'store/instances/metadata-by-another'

  readonly #known = new Map<string, AttachmentMeta>()

  override async stat(key: AttachmentKey): Promise<AttachmentMeta | undefined> {
    const found = await super.stat(key)
    if (found === undefined) return undefined
    const known = this.#known.get(physicalName(key)) ?? found
    this.#known.set(physicalName(key), known)
    return { ...known, byteLength: found.byteLength }
  }
}

class CutsReadsShort extends ShelfStore {
  static readonly defect = 'close frees what reads in flight still need, and they fail with an error of the backend'
  static readonly caughtBy = 'store/close/calls-in-flight'

  #closing = false

  override async get(id: AttachmentId, options?: AttachmentGetOptions): Promise<StoredAttachment> {
    const found = await super.get(id, options)
    if (this.#closing) throw new Error('the environment is closed')
    return found
  }

  override async close(): Promise<void> {
    this.#closing = true
    await super.close()
  }
}

class ForgetsQueuedDeletes extends ShelfStore {
  static readonly defect = 'deletes that wait for their turn when the store closes are dropped, and resolve'
  static readonly caughtBy = 'store/close/calls-in-flight'

  #closing = false

  override async delete(id: AttachmentId, options?: AttachmentGenerationOptions): Promise<void> {
    await Promise.resolve()
    if (!this.#closing) await super.delete(id, options)
  }

  override close(): Promise<void> {
    this.#closing = true
    return super.close()
  }
}

class LeavesItsFileOpen extends ShelfDriver {
  static readonly defect = 'close leaves the file open that the store has opened'
  static readonly caughtBy = 'store/close/leaves-nothing-open'

  constructor(shelf: Shelf) {
    super(shelf)
    const descriptor = openSync('/dev/null', 'r')
    shelf.atTheEnd(() => closeSync(descriptor))
  }
}

class LeavesItsTimer extends ShelfDriver {
  static readonly defect = 'close leaves the timer running that tidies up now and then'
  static readonly caughtBy = 'store/close/leaves-nothing-open'

  constructor(shelf: Shelf) {
    super(shelf)
    const timer = setInterval(() => {}, 60_000)
    shelf.atTheEnd(() => clearInterval(timer))
  }
}

/** Defects that show in numbers, across instances, and at the end. */
export const crowdSabotages: readonly Sabotaged[] = [
  RefusesACrowd,
  HasAPoolOf32,
  DeletesAHundred,
  DeletesAllButTheLast,
  StopsAtTheFirstMissing,
  PagesById,
  ListsAHundredCopies,
  ReadsEightMiB,
  CountsIn24Bits,
  KnowsWhatItPut,
  KnowsWhatIsMissing,
  RemembersListings,
  RemembersMetadata,
  CutsReadsShort,
  ForgetsQueuedDeletes,
  LeavesItsFileOpen,
  LeavesItsTimer,
]
