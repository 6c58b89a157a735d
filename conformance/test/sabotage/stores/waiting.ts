import {
  AttachmentBackendError,
  type AttachmentBody,
  type AttachmentCreateMeta,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentGetOptions,
  type AttachmentKey,
  type AttachmentPutOptions,
  type AttachmentRef,
  type StoredAttachment,
} from '@lash/attachments-core'
import { onDriver, onStore, type Sabotage } from './sabotage.ts'
import { ShelfDriver } from './shelf.ts'
import { ShelfStore } from './shelf-store.ts'

/** A store whose put does something to streams and iterables first. */
abstract class ReadsItsOwnWay extends ShelfStore {
  override async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options?: AttachmentPutOptions,
  ): Promise<AttachmentRef> {
    if (!(Symbol.asyncIterator in Object(body))) return super.put(body, meta, options)
    return this.putSource(body as AsyncIterable<Uint8Array>, read => super.put(read, meta, options))
  }

  protected abstract putSource(
    source: AsyncIterable<Uint8Array>,
    put: (body: AttachmentBody) => Promise<AttachmentRef>,
  ): Promise<AttachmentRef>
}

type Putting = Parameters<ReadsItsOwnWay['putSource']>

class LocksBeforeItChecks extends ReadsItsOwnWay {
  protected override putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    const iterator = source[Symbol.asyncIterator]()
    async function* read() {
      for (;;) {
        const { done, value } = await iterator.next()
        if (done) return
        yield value
      }
    }
    return put(read())
  }
}

class ForgetsItsSource extends ReadsItsOwnWay {
  protected override putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    const iterator = source[Symbol.asyncIterator]()
    return put({ [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) })
  }
}

class KnocksFirst extends ReadsItsOwnWay {
  protected override async putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    await this.shelf.access().catch(cause => {
      throw new AttachmentBackendError('no access', { cause })
    })
    return put(source)
  }
}

class TrustsReturn extends ReadsItsOwnWay {
  protected override putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    return put(source).catch(error => {
      const { return: end } = source as { return?(): Promise<unknown> }
      end?.call(source).then(undefined, () => {})
      throw error
    })
  }
}

class CollectsWithoutAPause extends ReadsItsOwnWay {
  protected override async putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    const chunks: Uint8Array[] = []
    for await (const chunk of source) chunks.push(chunk)
    return put(Buffer.concat(chunks))
  }
}

class KeepsTheLock extends ReadsItsOwnWay {
  protected override async putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    if (!(source instanceof ReadableStream)) return put(source)
    const reader = source.getReader()
    const chunks: Uint8Array[] = []
    for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value)
    return put(Buffer.concat(chunks))
  }
}

class QueuesPuts extends ReadsItsOwnWay {
  #last: Promise<unknown> = Promise.resolve()

  protected override putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    const putting = this.#last.then(() => put(source))
    this.#last = putting.catch(() => {})
    return putting
  }
}

class WaitsForSources extends ReadsItsOwnWay {
  readonly #reading = new Set<Promise<unknown>>()

  protected override putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    const reading = chunksOf(source)
    this.#reading.add(reading)
    return reading.then(chunks => put(Buffer.concat(chunks)))
  }

  override async close(): Promise<void> {
    await Promise.allSettled(this.#reading)
    await super.close()
  }
}

class GetsToTheEnd extends ShelfStore {
  override async get(id: string, { signal, ...options }: AttachmentGetOptions = {}): Promise<StoredAttachment> {
    signal?.throwIfAborted()
    return super.get(id, options)
  }
}

class WaitsForAnswers extends ShelfDriver {
  override read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    return super.read(key, { ...options, signal: undefined })
  }
}

/** Defects in what waits for a source, for a backend or for its turn. */
export const waitingSabotages: readonly Sabotage[] = [
  {
    name: 'locks before it checks',
    defect: 'the source is taken before the arguments are checked, and kept when they are bad',
    caughtBy: 'store/sources/source-left-locked',
    open: onStore(LocksBeforeItChecks),
  },
  {
    name: 'forgets its source',
    defect: 'a source that is too long is left as it is',
    caughtBy: 'store/sources/left-locked-over-the-limit',
    open: onStore(ForgetsItsSource),
  },
  {
    name: 'knocks first',
    defect: 'a store that finds its backend closed does not look at the source any more',
    caughtBy: 'store/sources/left-locked-denied',
    open: onStore(KnocksFirst),
  },
  {
    name: 'trusts return',
    defect: 'what return gives is taken for a promise',
    caughtBy: 'store/sources/odd-iterators',
    open: onStore(TrustsReturn),
  },
  {
    name: 'collects without a pause',
    defect: 'chunks are collected one by one, however many they are, with no turn between',
    caughtBy: 'store/sources/many-chunks',
    open: onStore(CollectsWithoutAPause),
  },
  {
    name: 'keeps the lock',
    defect: 'a stream that was read stays locked',
    caughtBy: 'store/sources/released-after-put',
    open: onStore(KeepsTheLock),
  },
  {
    name: 'queues puts',
    defect: 'a put waits for the one before it, deaf to its signal',
    caughtBy: 'store/abort/while-waiting',
    open: onStore(QueuesPuts),
  },
  {
    name: 'waits for sources',
    defect: 'close waits for sources that may never end',
    caughtBy: 'store/close/stalled-source',
    open: onStore(WaitsForSources),
  },
  {
    name: 'gets to the end',
    defect: 'get looks at its signal once, at the beginning',
    caughtBy: 'store/abort/signal-during-get',
    open: onStore(GetsToTheEnd),
  },
  {
    name: 'waits for answers',
    defect: 'a read that is not answered does not hear its signal',
    caughtBy: 'store/abort/unanswered',
    open: onDriver(WaitsForAnswers),
  },
]

async function chunksOf(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return chunks
}
