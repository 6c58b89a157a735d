import {
  AttachmentBackendError,
  type AttachmentBody,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentGetOptions,
  type AttachmentKey,
  type AttachmentRef,
  type StoredAttachment,
} from '@lash/attachments-core'
import type { PutArguments, Sabotaged } from './sabotage.ts'
import { ShelfDriver } from './shelf.ts'
import { ShelfStore } from './shelf-store.ts'

/** A store whose put reads streams and iterables in its own way. */
abstract class ReadsItsOwnWay extends ShelfStore {
  override async put(...[body, meta, options]: PutArguments): Promise<AttachmentRef> {
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
  static readonly defect = 'the source is taken before the arguments are checked, and kept when they are bad'
  static readonly caughtBy = 'store/sources/source-left-locked'

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
  static readonly defect = 'a source that is too long is left as it is'
  static readonly caughtBy = 'store/sources/left-locked-over-the-limit'

  protected override putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    const iterator = source[Symbol.asyncIterator]()
    return put({ [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) })
  }
}

class KnocksFirst extends ReadsItsOwnWay {
  static readonly defect = 'when the backend denies access, the source is not told'
  static readonly caughtBy = 'store/sources/left-locked-denied'

  protected override async putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    await this.shelf.access().catch(cause => {
      throw new AttachmentBackendError('no access', { cause })
    })
    return put(source)
  }
}

class TrustsReturn extends ReadsItsOwnWay {
  static readonly defect = 'the result of return is used as a promise'
  static readonly caughtBy = 'store/sources/odd-iterators'

  protected override putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    return put(source).catch(error => {
      const { return: end } = source as { return?(): Promise<unknown> }
      end?.call(source).then(undefined, () => {})
      throw error
    })
  }
}

class CollectsWithoutAPause extends ReadsItsOwnWay {
  static readonly defect = 'all chunks are collected in one go, and nothing else gets a turn meanwhile'
  static readonly caughtBy = 'store/sources/many-chunks'

  protected override async putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    const chunks: Uint8Array[] = []
    for await (const chunk of source) chunks.push(chunk)
    return put(Buffer.concat(chunks))
  }
}

class KeepsTheLock extends ReadsItsOwnWay {
  static readonly defect = 'put leaves a stream locked that it has read'
  static readonly caughtBy = 'store/sources/released-after-put'

  protected override async putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    if (!(source instanceof ReadableStream)) return put(source)
    const reader = source.getReader()
    const chunks: Uint8Array[] = []
    for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value)
    return put(Buffer.concat(chunks))
  }
}

class QueuesPuts extends ReadsItsOwnWay {
  static readonly defect = 'a put waits for the one before it, and ignores its signal meanwhile'
  static readonly caughtBy = 'store/abort/while-waiting'

  #last: Promise<unknown> = Promise.resolve()

  protected override putSource(...[source, put]: Putting): Promise<AttachmentRef> {
    const putting = this.#last.then(() => put(source))
    this.#last = putting.catch(() => {})
    return putting
  }
}

class WaitsForSources extends ReadsItsOwnWay {
  static readonly defect = 'close waits for sources that may never end'
  static readonly caughtBy = 'store/close/stalled-source'

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
  static readonly defect = 'get looks at its signal once, at the beginning'
  static readonly caughtBy = 'store/abort/signal-during-get'

  override async get(id: string, { signal, ...options }: AttachmentGetOptions = {}): Promise<StoredAttachment> {
    signal?.throwIfAborted()
    return super.get(id, options)
  }
}

class WaitsForAnswers extends ShelfDriver {
  static readonly defect = 'a read without an answer ignores its signal'
  static readonly caughtBy = 'store/abort/unanswered'

  override read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    return super.read(key, { ...options, signal: undefined })
  }
}

/** Defects in what waits for a source, for a backend or for its turn. */
export const waitingSabotages: readonly Sabotaged[] = [
  LocksBeforeItChecks,
  ForgetsItsSource,
  KnocksFirst,
  TrustsReturn,
  CollectsWithoutAPause,
  KeepsTheLock,
  QueuesPuts,
  WaitsForSources,
  GetsToTheEnd,
  WaitsForAnswers,
]

async function chunksOf(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return chunks
}
