import { abortable } from './abort.ts'
import { type AttachmentContent, type ContentOptions, PreparedContent } from './content.ts'
import { incrementalDigest } from './digest.ts'
import { AttachmentInvalidArgumentError, AttachmentTooLargeError } from './errors.ts'
import { createSpoolFile, type SpoolFile } from './spool-file.ts'

const defaultMemoryLimit = 1024 * 1024

/**
 * Reads and hashes a body that is not an array.
 * @throws AttachmentInvalidArgumentError, AttachmentTooLargeError, `signal.reason`, or what the source failed with.
 */
export async function readSource(body: unknown, options: ContentOptions): Promise<PreparedContent> {
  const known = body instanceof Blob ? body.size : isContent(body) ? body.byteLength : undefined
  if (known !== undefined && known > options.maxByteLength) throw new AttachmentTooLargeError(options.maxByteLength)
  return spool(chunksOf(body), options)
}

/**
 * Reads a source to its end: hashed as it passes, held in memory up to a limit and in a file above it. On any failure the source is told,
 * and no file is left.
 */
async function spool(source: AsyncIterator<Uint8Array>, options: ContentOptions): Promise<PreparedContent> {
  const { signal, maxByteLength } = options
  const { directory, memoryLimit = defaultMemoryLimit } = options.spool ?? {}
  const digest = incrementalDigest()
  const held: Uint8Array[] = []
  let byteLength = 0
  let file: SpoolFile | undefined
  try {
    for await (const chunk of readChunks(source, signal)) {
      byteLength += chunk.byteLength
      if (byteLength > maxByteLength) throw new AttachmentTooLargeError(maxByteLength)
      digest.update(chunk)
      if (file === undefined && byteLength > memoryLimit) {
        file = await createSpoolFile(directory)
        for (const earlier of held.splice(0)) await file.append(earlier)
      }
      // The source may use its buffer again once it is asked for the next chunk.
      if (file === undefined) held.push(new Uint8Array(chunk))
      else await file.append(chunk)
    }
    signal?.throwIfAborted()
    if (file === undefined) return new PreparedContent(digest.id(), Buffer.concat(held), byteLength)
    await file.finish()
    return new PreparedContent(digest.id(), file, byteLength)
  } catch (error) {
    await file?.remove()
    throw error
  }
}

function isContent(body: unknown): body is AttachmentContent {
  return (
    typeof body === 'object' && body !== null && 'stream' in body && 'byteLength' in body && Symbol.asyncDispose in body
  )
}

function chunksOf(body: unknown): AsyncIterator<Uint8Array> {
  if (typeof body === 'object' && body !== null) {
    if (body instanceof ReadableStream) return readerOf(body)
    if (body instanceof Blob || isContent(body)) return readerOf(body.stream() as ReadableStream<Uint8Array>)
    if (Symbol.asyncIterator in body) return (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  }
  throw new AttachmentInvalidArgumentError(
    'the body must be a Uint8Array, ArrayBuffer, Blob, ReadableStream, AsyncIterable of Uint8Array, or prepared content; encode a string with TextEncoder',
  )
}

/** Unlike the stream's own iterator, `return` works while a read is waiting, so that a source that hangs can be cancelled. */
function readerOf(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  if (stream.locked) throw new AttachmentInvalidArgumentError('the ReadableStream is locked: somebody else reads it')
  const reader = stream.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    async return(reason) {
      await reader.cancel(reason)
      return { done: true, value: undefined }
    },
  }
}

/**
 * The chunks of a source, each checked. When the one who reads stops, fails or is aborted, the source is told so and
 * not waited for.
 */
async function* readChunks(
  source: AsyncIterator<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  let ended = false
  try {
    for (;;) {
      const { done, value } = await abortable(source.next(), signal)
      if (done) {
        ended = true
        return
      }
      if (!ArrayBuffer.isView(value) || value[Symbol.toStringTag] !== 'Uint8Array') {
        throw new AttachmentInvalidArgumentError('the source gave a chunk that is not a Uint8Array')
      }
      yield value
    }
  } finally {
    if (!ended) source.return?.(signal?.reason)?.then(undefined, () => {})
  }
}
