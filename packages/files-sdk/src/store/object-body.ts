import type { AttachmentContent } from '@lash/attachments-core'
import { blocksOf, readInto } from '@lash/attachments-core/backend'
import { headerBytes } from './object-header.ts'

/** Blobs up to this length are sent in one request, with a copy in memory. Longer ones are streamed in parts. */
const oneRequestBytes = 8 * 1024 * 1024
/** S3 takes 10,000 parts of an object, and adapters make parts of 5 MiB unless they are told otherwise. */
const maxParts = 9_000
const usualPartBytes = 5 * 1024 * 1024
const streamBlockBytes = 256 * 1024

export function isOneRequest(content: AttachmentContent): boolean {
  return content.byteLength <= oneRequestBytes
}

/** The object of short content, in memory. */
export async function objectBytes(
  header: Uint8Array,
  content: AttachmentContent,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const object = new Uint8Array(headerBytes + content.byteLength)
  object.set(header)
  const room = object.subarray(headerBytes)
  if (content.bytes !== undefined) room.set(content.bytes)
  else await readInto(room, content, signal)
  return object
}

/** The object of long content. The stream fails when the signal aborts, so that no adapter completes the upload. */
export function objectStream(
  header: Uint8Array,
  content: AttachmentContent,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const blocks = (async function* () {
    yield header
    yield* blocksOf(content, streamBlockBytes, { signal })
  })()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await blocks.next()
        signal?.throwIfAborted()
        if (done) controller.close()
        // A copy: bytes that are held in memory are nobody's to change, and an adapter may transfer what it gets.
        else controller.enqueue(new Uint8Array(value))
      },
      async cancel() {
        await blocks.return()
      },
    },
    { highWaterMark: 0 },
  )
}

/** How to cut an object that is too long for parts of the usual length. Some adapters refuse to be told for no need. */
export function partsOf(objectLength: number): { multipart?: { partSize: number } } {
  const partSize = Math.ceil(objectLength / maxParts)
  return partSize > usualPartBytes ? { multipart: { partSize } } : {}
}
