import { closeSync, openSync } from 'node:fs'
import {
  AttachmentBackendError,
  type AttachmentBody,
  type AttachmentContent,
  type AttachmentCreateMeta,
  type AttachmentDriverOptions,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentKey,
  type AttachmentListing,
  type AttachmentMeta,
  type AttachmentPutOptions,
  type AttachmentRef,
} from '@lash/attachments-core'
import { onDriver, onStore, type Sabotage } from './sabotage.ts'
import { ShelfDriver } from './shelf.ts'
import { secret } from './shelf-harness.ts'
import { ShelfStore } from './shelf-store.ts'

class DeniedIsAbsent extends ShelfDriver {
  override async read(
    key: AttachmentKey,
    options: AttachmentDriverReadOptions,
  ): Promise<AttachmentDriverRead | undefined> {
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
  override async stat(key: AttachmentKey): Promise<AttachmentMeta | undefined> {
    if (this.shelf.failure === undefined) return super.stat(key)
    const url = `postgres://app:${secret}@db.internal/attachments`
    throw new AttachmentBackendError(`cannot reach ${url}`, { cause: this.shelf.failure })
  }
}

class SwallowsAbort extends ShelfStore {
  override async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options: AttachmentPutOptions = {},
  ): Promise<AttachmentRef> {
    return super.put(body, meta, { generation: options.generation })
  }
}

class AbortsWithItsOwnError extends ShelfStore {
  override put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options: AttachmentPutOptions = {},
  ): Promise<AttachmentRef> {
    return super.put(body, meta, options).catch(error => {
      throw options.signal?.aborted ? new AttachmentBackendError('aborted', { cause: error }) : error
    })
  }
}

class LeavesListeners extends ShelfStore {
  override put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options: AttachmentPutOptions = {},
  ): Promise<AttachmentRef> {
    options.signal?.addEventListener('abort', () => {})
    return super.put(body, meta, options)
  }
}

class LeaksOnFailure extends ShelfStore {
  override async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options?: AttachmentPutOptions,
  ): Promise<AttachmentRef> {
    if (!(body instanceof ReadableStream)) return super.put(body, meta, options)
    const staging = this.shelf.newStagingName('upload')
    this.shelf.staged.set(staging, new Uint8Array(0))
    const ref = await super.put(body, meta, options)
    this.shelf.staged.delete(staging)
    return ref
  }
}

class WrapsSourceErrors extends ShelfStore {
  override put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options?: AttachmentPutOptions,
  ): Promise<AttachmentRef> {
    return super.put(body, meta, options).catch(cause => {
      throw new AttachmentBackendError(`put failed: ${cause}`, { cause })
    })
  }
}

class ReadsItAll extends ShelfDriver {
  protected override bodyOf(bytes: Uint8Array): Uint8Array {
    return bytes.slice()
  }
}

class LeaksHandles extends ShelfDriver {
  override async read(
    key: AttachmentKey,
    options: AttachmentDriverReadOptions,
  ): Promise<AttachmentDriverRead | undefined> {
    const found = await super.read(key, options)
    if (found === undefined || found.body instanceof Uint8Array) return found
    const handle = openSync('/dev/null', 'r')
    const closesAtItsEnd = new TransformStream<Uint8Array, Uint8Array>({ flush: () => closeSync(handle) })
    return { ...found, body: found.body.pipeThrough(closesAtItsEnd) }
  }
}

class CloseDoesNotWait extends ShelfStore {
  override close(): Promise<void> {
    super.close().catch(() => {})
    return Promise.resolve()
  }
}

class ClosesWhatItWasGiven extends ShelfDriver {
  override async close(): Promise<void> {
    this.shelf.handleOpen = false
  }
}

class OpensAfterClose extends ShelfStore {
  override async stat(id: string): Promise<AttachmentMeta | undefined> {
    return new ShelfDriver(this.shelf).stat({ id, generation: 0 })
  }
}

class ForgetsOnClose extends ShelfDriver {
  override async close(): Promise<void> {
    this.shelf.items.clear()
  }
}

class StagesForGood extends ShelfDriver {
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
export const lifeSabotages: readonly Sabotage[] = [
  {
    name: 'denied is absent',
    defect: 'any failure to read is taken for "not there"',
    caughtBy: 'store/errors/denied-is-not-absent',
    open: onDriver(DeniedIsAbsent),
  },
  {
    name: 'tells secrets',
    defect: 'a message repeats the connection string',
    caughtBy: 'store/errors/unreachable-is-not-absent',
    open: onDriver(TellsSecrets),
  },
  {
    name: 'swallows abort',
    defect: 'put does not pass the signal on',
    caughtBy: 'store/abort/already-aborted',
    open: onStore(SwallowsAbort),
  },
  {
    name: 'aborts with its own error',
    defect: 'an aborted put rejects with an error of its own in place of the reason',
    caughtBy: 'store/abort/mid-put',
    open: onStore(AbortsWithItsOwnError),
  },
  {
    name: 'leaves listeners',
    defect: 'each call leaves a listener on the signal of the caller',
    caughtBy: 'store/abort/after-the-end',
    open: onStore(LeavesListeners),
  },
  {
    name: 'leaks on failure',
    defect: 'what was staged stays when the source fails',
    caughtBy: 'store/streams/failing-source-leaves-no-litter',
    open: onStore(LeaksOnFailure),
  },
  {
    name: 'stages for good',
    defect: 'what was staged stays after the put',
    caughtBy: 'store/streams/no-litter-after-put',
    open: onDriver(StagesForGood),
  },
  {
    name: 'wraps source errors',
    defect: "the source's own error is hidden in another",
    caughtBy: 'store/streams/failing-source',
    open: onStore(WrapsSourceErrors),
  },
  {
    name: 'reads it all',
    defect: 'a stream is made of a blob that was read whole',
    caughtBy: 'store/streams/bounded-memory',
    open: onDriver(ReadsItAll),
  },
  {
    name: 'leaks handles',
    defect: 'a handle is closed at the end of a stream only, not when its reader stops',
    caughtBy: 'store/streams/reader-that-stops',
    open: onDriver(LeaksHandles),
  },
  {
    name: 'close does not wait',
    defect: 'close resolves while puts are in flight',
    caughtBy: 'store/close/work-in-flight',
    open: onStore(CloseDoesNotWait),
  },
  {
    name: 'closes what it was given',
    defect: "close closes the host's handle",
    caughtBy: 'store/close/injected-stays-open',
    open: onDriver(ClosesWhatItWasGiven),
  },
  {
    name: 'opens after close',
    defect: 'a call after close works as before',
    caughtBy: 'store/close/use-after-close',
    open: onStore(OpensAfterClose),
  },
  {
    name: 'forgets on close',
    defect: 'a store that says it is durable loses its bytes when it is closed',
    caughtBy: 'store/durability/reopened',
    open: onDriver(ForgetsOnClose),
  },
]
