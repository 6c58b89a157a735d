import { closeSync, openSync } from 'node:fs'
import {
  AttachmentBackendError,
  type AttachmentContent,
  type AttachmentDriverOptions,
  type AttachmentDriverRead,
  type AttachmentKey,
  type AttachmentListing,
  type AttachmentMeta,
  type AttachmentRef,
} from '@lash/attachments-core'
import type { PutArguments, ReadArguments, Sabotaged } from './sabotage.ts'
import { ShelfDriver } from './shelf.ts'
import { secret } from './shelf-harness.ts'
import { ShelfStore } from './shelf-store.ts'

class DeniedIsAbsent extends ShelfDriver {
  static readonly defect = 'any failure to read counts as "not there"'
  static readonly caughtBy = 'store/errors/denied-is-not-absent'

  override async read(...[key, options]: ReadArguments): Promise<AttachmentDriverRead | undefined> {
    return super.read(key, options).catch(() => undefined)
  }

  override async stat(key: AttachmentKey): Promise<AttachmentMeta | undefined> {
    return super.stat(key).catch(() => undefined)
  }

  override async *list(options: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    try {
      yield* super.list(options)
    } catch {
      // No folder, no blobs.
    }
  }
}

class TellsSecrets extends ShelfDriver {
  static readonly defect = 'a message repeats the connection string'
  static readonly caughtBy = 'store/errors/unreachable-is-not-absent'

  override async stat(key: AttachmentKey): Promise<AttachmentMeta | undefined> {
    if (this.shelf.failure === undefined) return super.stat(key)
    const url = `postgres://app:${secret}@db.internal/attachments`
    throw new AttachmentBackendError(`cannot reach ${url}`, { cause: this.shelf.failure })
  }
}

class SwallowsAbort extends ShelfStore {
  static readonly defect = 'put does not pass the signal on'
  static readonly caughtBy = 'store/abort/already-aborted'

  override async put(...[body, meta, options = {}]: PutArguments): Promise<AttachmentRef> {
    return super.put(body, meta, { generation: options.generation })
  }
}

class AbortsWithItsOwnError extends ShelfStore {
  static readonly defect = 'an aborted put rejects with an error of its own in place of the reason'
  static readonly caughtBy = 'store/abort/mid-put'

  override put(...[body, meta, options = {}]: PutArguments): Promise<AttachmentRef> {
    return super.put(body, meta, options).catch(error => {
      throw options.signal?.aborted ? new AttachmentBackendError('aborted', { cause: error }) : error
    })
  }
}

class LeavesListeners extends ShelfStore {
  static readonly defect = 'each call leaves a listener on the signal of the caller'
  static readonly caughtBy = 'store/abort/after-the-end'

  override put(...[body, meta, options = {}]: PutArguments): Promise<AttachmentRef> {
    options.signal?.addEventListener('abort', () => {})
    return super.put(body, meta, options)
  }
}

class LeaksOnFailure extends ShelfStore {
  static readonly defect = 'what was staged stays when the source fails'
  static readonly caughtBy = 'store/streams/failing-source-leaves-no-litter'

  override async put(...[body, meta, options]: PutArguments): Promise<AttachmentRef> {
    if (!(body instanceof ReadableStream)) return super.put(body, meta, options)
    const staging = this.shelf.newStagingName('upload')
    this.shelf.staged.set(staging, new Uint8Array(0))
    const ref = await super.put(body, meta, options)
    this.shelf.staged.delete(staging)
    return ref
  }
}

class WrapsSourceErrors extends ShelfStore {
  static readonly defect = "the source's own error is hidden in another"
  static readonly caughtBy = 'store/streams/failing-source'

  override put(...[body, meta, options]: PutArguments): Promise<AttachmentRef> {
    return super.put(body, meta, options).catch(cause => {
      throw new AttachmentBackendError(`put failed: ${cause}`, { cause })
    })
  }
}

class ReadsItAll extends ShelfDriver {
  static readonly defect = 'a blob is read whole before its stream begins'
  static readonly caughtBy = 'store/streams/bounded-memory'

  protected override bodyOf(bytes: Uint8Array): Uint8Array {
    return bytes.slice()
  }
}

class LeaksHandles extends ShelfDriver {
  static readonly defect = 'a handle is closed only at the end of a stream, not when its reader stops'
  static readonly caughtBy = 'store/streams/reader-that-stops'

  override async read(...[key, options]: ReadArguments): Promise<AttachmentDriverRead | undefined> {
    const found = await super.read(key, options)
    if (found === undefined || found.body instanceof Uint8Array) return found
    const handle = openSync('/dev/null', 'r')
    const closesAtItsEnd = new TransformStream<Uint8Array, Uint8Array>({ flush: () => closeSync(handle) })
    return { ...found, body: found.body.pipeThrough(closesAtItsEnd) }
  }
}

class CloseDoesNotWait extends ShelfStore {
  static readonly defect = 'close resolves while puts are in flight'
  static readonly caughtBy = 'store/close/work-in-flight'

  override close(): Promise<void> {
    super.close().catch(() => {})
    return Promise.resolve()
  }
}

class ClosesWhatItWasGiven extends ShelfDriver {
  static readonly defect = "close closes the host's handle"
  static readonly caughtBy = 'store/close/injected-stays-open'

  override async close(): Promise<void> {
    this.shelf.handleOpen = false
  }
}

class OpensAfterClose extends ShelfStore {
  static readonly defect = 'a call after close works as before'
  static readonly caughtBy = 'store/close/use-after-close'

  override async stat(id: string): Promise<AttachmentMeta | undefined> {
    return new ShelfDriver(this.shelf).stat({ id, generation: 0 })
  }
}

class ForgetsOnClose extends ShelfDriver {
  static readonly defect = 'a store that says it is durable loses its bytes when it is closed'
  static readonly caughtBy = 'store/durability/reopened'

  override async close(): Promise<void> {
    this.shelf.items.clear()
  }
}

class StagesForGood extends ShelfDriver {
  static readonly defect = 'what was staged stays after the put'
  static readonly caughtBy = 'store/streams/no-litter-after-put'

  override async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    options: AttachmentDriverOptions,
  ): Promise<void> {
    await super.write(key, content, meta, options)
    this.shelf.staged.set(this.stagingName(key.id), new Uint8Array(1))
  }
}

/** Defects in errors, aborts, streams and the life of a store. */
export const lifeSabotages: readonly Sabotaged[] = [
  DeniedIsAbsent,
  TellsSecrets,
  SwallowsAbort,
  AbortsWithItsOwnError,
  LeavesListeners,
  LeaksOnFailure,
  StagesForGood,
  WrapsSourceErrors,
  ReadsItAll,
  LeaksHandles,
  CloseDoesNotWait,
  ClosesWhatItWasGiven,
  OpensAfterClose,
  ForgetsOnClose,
]
