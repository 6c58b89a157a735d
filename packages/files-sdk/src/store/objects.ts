import { abortable, concurrently } from '@lash/attachments-core/backend'
import type { Adapter, ByteRange, ListResult } from 'files-sdk'
import { isMissing } from './adapter-errors.ts'
import { headerBytes } from './object-header.ts'
import { ObjectReader } from './object-reader.ts'

/** Deletes at the same time, where the adapter has no request for many. */
const deletesAtOnce = 8
export const headerRange: ByteRange = { start: 0, end: headerBytes - 1 }

/**
 * What is asked of the objects of an adapter. What is not there is undefined. Every call rejects with `signal.reason`
 * as soon as the signal aborts, whether or not the adapter hears of it.
 */
export class Objects {
  readonly #adapter: Adapter
  readonly #storeName: string

  constructor(adapter: Adapter, storeName: string) {
    this.#adapter = adapter
    this.#storeName = storeName
  }

  /** Whether a part of an object can be read without what lies before and behind it. */
  get hasRanges(): boolean {
    return this.#adapter.supportsRange === true
  }

  /** The length of an object, with its header. */
  async lengthOf(name: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    return (await orMissing(abortable(this.#adapter.head(name, abortedBy(signal)), signal)))?.size
  }

  /** The header of an object, or less when the object ends within it. */
  async headerOf(name: string, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const reader = await this.open(name, headerRange, signal)
    try {
      return await reader?.take(headerBytes, signal)
    } finally {
      await reader?.cancel()
    }
  }

  /** Opens a range of an object, or all of it where there is no range, or the adapter has none. */
  async open(
    name: string,
    range: ByteRange | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ObjectReader | undefined> {
    const ranged = range !== undefined && this.hasRanges
    const options = { as: 'stream', ...abortedBy(signal), ...(ranged ? { range } : {}) } as const
    const download = this.#adapter.download(name, options)
    let reader: ObjectReader | undefined
    try {
      reader = new ObjectReader((await abortable(download, signal)).stream(), this.#storeName)
      await reader.begin(signal)
      return reader
    } catch (error) {
      // An adapter that does not hear of the abort may still give the object.
      const ended = reader?.cancel() ?? download.then(file => file.stream().cancel())
      ended.catch(() => {})
      if (signal?.aborted) throw error
      if (isMissing(error)) return undefined
      const length = await this.lengthOf(name, signal).catch(() => Number.POSITIVE_INFINITY)
      // Some adapters open an object only when it is read, and it may be gone by then.
      if (length === undefined && reader !== undefined) return undefined
      // Services refuse a range after the end, and the object may be shorter than it should be.
      if (ranged && length !== undefined && length <= range.start) {
        return new ObjectReader(ReadableStream.from([]), this.#storeName)
      }
      throw error
    }
  }

  /** Resolves when the adapter is done. It may not hear the signal, nor can all of them be told of one. */
  async remove(names: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const adapter = this.#adapter
    if (names.length > 1 && adapter.deleteMany !== undefined) {
      const { errors = [] } = await adapter.deleteMany([...names])
      for (const { error } of errors) if (!isMissing(error)) throw error
      return
    }
    await concurrently(names, deletesAtOnce, async name => {
      signal?.throwIfAborted()
      await orMissing(adapter.delete(name, abortedBy(signal)))
    })
  }

  /** The objects whose names begin so, and perhaps others, page by page. */
  async *pages(prefix: string, signal: AbortSignal | undefined): AsyncGenerator<ListResult['items']> {
    let cursor: string | undefined
    do {
      const more = cursor === undefined ? {} : { cursor }
      const page = await abortable(this.#adapter.list({ prefix, ...abortedBy(signal), ...more }), signal)
      yield page.items
      cursor = page.cursor
    } while (cursor !== undefined)
  }
}

async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** A signal of its own for each request, since some clients leave listeners on it. */
export function abortedBy(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal: AbortSignal.any([signal]) }
}
