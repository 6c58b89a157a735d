import { Readable } from 'node:stream'
import { AttachmentBackendError } from '@lash/attachments-core'

/** The body of an answer: a Node stream, or a web stream where the client was given a handler that uses `fetch`. */
export function readableOf(body: unknown): Readable {
  return body instanceof Readable ? body : Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])
}

/** Reads a short body of known length into memory. Frees its socket also when it fails. */
export function collectBody(body: Readable, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const bytes = new Uint8Array(length)
    let received = 0
    let ended = false
    body.on('data', (chunk: Uint8Array) => {
      received += chunk.byteLength
      if (received > length) body.destroy()
      else bytes.set(chunk, received - chunk.byteLength)
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

/** The body as a stream that reads when it is asked to. Cancelling it frees the socket. */
export function streamBody(body: Readable, length: number | undefined): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  let received = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next().catch(cause => {
          throw cutAfter(received, length, cause)
        })
        if (done) return controller.close()
        received += value.byteLength
        controller.enqueue(new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength))
      },
      cancel() {
        body.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}

function cutAfter(received: number, length: number | undefined, cause?: unknown): Error {
  const of = length === undefined ? '' : ` of ${length}`
  const why = cause === undefined ? '' : ` (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message})`
  return new AttachmentBackendError(`the download was cut after ${received}${of} bytes${why}; read it again`, { cause })
}
