import { AttachmentInvalidArgumentError } from '../errors.ts'
import { abandon, rejectBody } from './abandon.ts'
import type { ContentOptions, PreparedContent } from './content.ts'
import { Gathering, sourceYield } from './gathering.ts'

/**
 * Reads a body that is no array to its end. On any failure, its source is told and no file is left.
 * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, `signal.reason`, or what the source failed with.
 */
export async function readSource(
  body: unknown,
  signal: AbortSignal,
  options: ContentOptions,
): Promise<PreparedContent> {
  const source = begun(body, signal)
  const gathering = new Gathering(options)
  let wake: (reason: unknown) => void = () => {}
  const onAbort = () => wake(signal.reason)
  signal.addEventListener('abort', onAbort)
  // The wait for a chunk ends when the signal aborts.
  const next = () =>
    new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
      signal.throwIfAborted()
      wake = reject
      Promise.resolve(source.next()).then(resolve, reject)
    })
  let ended = false
  try {
    for (;;) {
      while (sourceYield.beforeStep() !== undefined) await sourceYield.beforeStep()
      const result = await next()
      if (result?.done) break
      const keeping = gathering.take(checkChunk(result?.value))
      if (keeping !== undefined) await keeping
    }
    ended = true
    const content = await gathering.finish()
    signal.throwIfAborted()
    return content
  } catch (error) {
    if (!ended) void abandon(source, error)
    await gathering.discard()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function begun(body: unknown, signal: AbortSignal): AsyncIterator<Uint8Array> {
  try {
    signal.throwIfAborted()
    return chunksOf(body)
  } catch (error) {
    return rejectBody(body, error)
  }
}

function chunksOf(body: unknown): AsyncIterator<Uint8Array> {
  if (typeof body === 'object' && body !== null) {
    if (body instanceof ReadableStream) return readerOf(body)
    if (body instanceof Blob || ('stream' in body && 'byteLength' in body && Symbol.asyncDispose in body))
      return readerOf((body as Blob).stream())
    const iterator = (body as Partial<AsyncIterable<Uint8Array>>)[Symbol.asyncIterator]?.()
    if (iterator?.next !== undefined) return iterator
  }
  throw new AttachmentInvalidArgumentError(
    'the body must be a Uint8Array, ArrayBuffer, Blob, ReadableStream, AsyncIterable of Uint8Array, or prepared ' +
      'content; encode a string with TextEncoder',
  )
}

/**
 * Unlike that of the stream's own iterator, `return` works during a read, so that a source that hangs can be cancelled.
 */
function readerOf(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  if (stream.locked) throw new AttachmentInvalidArgumentError('the ReadableStream is locked by another reader')
  const reader = stream.getReader()
  return {
    async next() {
      const result = await reader.read()
      if (result.done) reader.releaseLock()
      return result as IteratorResult<Uint8Array>
    },
    return(reason) {
      try {
        return reader.cancel(reason) as Promise<never>
      } finally {
        reader.releaseLock()
      }
    },
  }
}

function checkChunk(chunk: unknown): Uint8Array {
  if (ArrayBuffer.isView(chunk) && (chunk as Uint8Array)[Symbol.toStringTag] === 'Uint8Array')
    return chunk as Uint8Array
  throw new AttachmentInvalidArgumentError('each chunk must be a Uint8Array')
}
