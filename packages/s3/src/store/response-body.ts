import { addAbortSignal, Readable } from 'node:stream'
import { AttachmentBackendError } from '@lash/attachments-core'
import type { GotObject } from '../direct/direct.ts'

/**
 * The body of an answer as a Node stream. It is a web stream when the client has a request handler that uses `fetch`.
 */
export function readableOf(body: unknown): Readable {
  return body instanceof Readable ? body : Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])
}

/**
 * Reads a short body of known length into memory. Frees its socket, also when it fails.
 *
 * It gives back the memory of each chunk that has a buffer of its own: as garbage, the chunks would take longer to
 * collect than to read. The parser of HTTP may still be at work on the chunk that it tells of, so that goes last.
 */
export function collectBody(body: Readable, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const bytes = new Uint8Array(length)
    let received = 0
    let ended = false
    let copied: Uint8Array | undefined
    body.on('data', (chunk: Uint8Array) => {
      received += chunk.byteLength
      if (received > length) return body.destroy()
      bytes.set(chunk, received - chunk.byteLength)
      if (copied?.byteLength === copied?.buffer.byteLength) (copied?.buffer as ArrayBuffer | undefined)?.transfer(0)
      copied = chunk
    })
    body.once('error', cause => reject(cutAfter(received, length, cause)))
    body.once('end', () => {
      ended = true
      if (received === length) resolve(bytes)
      else reject(cutAfter(received, length))
    })
    body.once('close', () => {
      if (!ended) reject(cutAfter(received, length))
    })
  })
}

/** The Range header for the bytes from `start` to before `end`; undefined for all bytes. */
export function rangeOf(start: number, end: number): string | undefined {
  if (end < Number.MAX_SAFE_INTEGER) return `bytes=${start}-${end - 1}`
  return start === 0 ? undefined : `bytes=${start}-`
}

/** An answer with bytes of an object. */
export interface OpenBody {
  readonly body: Readable
  /** Where in the object the body begins. A server that ignores Range begins at 0. */
  readonly start: number
}

/** @throws AttachmentBackendError when the answer to a request for the bytes from `start` on has other bytes. */
export function openBody(answer: GotObject, start: number, signal: AbortSignal | undefined): OpenBody {
  const { Body, ContentEncoding = '', ContentRange, $metadata } = answer
  const body = readableOf(Body)
  // Some request handlers ignore an abort once the answer has begun.
  if (signal !== undefined) addAbortSignal(signal, body)
  const refuse = (why: string) => {
    body.destroy()
    return new AttachmentBackendError(why)
  }
  // Some servers return `aws-chunked`, which was the encoding of the upload.
  if (/gzip|deflate|br|zstd|compress/.test(ContentEncoding)) {
    throw refuse(
      `a proxy before the server, or the server, compresses its answers (Content-Encoding: ${ContentEncoding}); ` +
        'have it pass them as they are',
    )
  }
  if ($metadata.httpStatusCode !== 206) return { body, start: 0 }
  if (ContentRange !== undefined && !ContentRange.startsWith(`bytes ${start}-`)) {
    throw refuse(
      `the server, or a proxy before it, gives another range than the one from byte ${start}: ${ContentRange}`,
    )
  }
  return { body, start }
}

/**
 * The bytes of an object from `start` to `end`, as a stream that reads on demand. When the connection is lost, perhaps
 * because nobody read for too long, `reopen` gives the rest. A body that is lost again before a byte has arrived is an
 * error. To cancel the stream frees the socket.
 */
export function streamBody(
  first: OpenBody,
  start: number,
  end: number,
  reopen: (position: number, signal: AbortSignal) => Promise<OpenBody | undefined>,
): ReadableStream<Uint8Array> {
  const stop = new AbortController()
  let open = first
  const chunks = (async function* () {
    let position = start
    for (let progress = true; ; ) {
      try {
        for await (const bytes of between(open, position, end)) {
          position += bytes.byteLength
          progress = true
          yield bytes
        }
        return
      } catch (cause) {
        if (position === end) return
        const next = progress ? await reopen(position, stop.signal) : undefined
        if (next === undefined) throw cutAfter(position - start, end - start, cause)
        open = next
        progress = false
        if (stop.signal.aborted) open.body.destroy()
      }
    }
  })()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel() {
        stop.abort()
        open.body.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}

/** The bytes of a body that are in that range of the object. Does not wait for the bytes after them. */
async function* between({ body, start }: OpenBody, from: number, to: number): AsyncGenerator<Uint8Array> {
  let position = start
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    const wanted = chunk.subarray(Math.max(0, from - position), Math.max(0, to - position))
    position += chunk.byteLength
    // No Buffer, whose `slice` does not copy. The store gives the chunk memory of its own.
    if (wanted.byteLength > 0) yield new Uint8Array(wanted.buffer, wanted.byteOffset, wanted.byteLength)
    if (position > to) return
  }
}

function cutAfter(received: number, length: number, cause?: unknown): Error {
  const of = length > Number.MAX_SAFE_INTEGER / 2 ? '' : ` of ${length}`
  const why = cause === undefined ? '' : ` (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message})`
  return new AttachmentBackendError(`the download was cut after ${received}${of} bytes${why}; read it again`, { cause })
}
