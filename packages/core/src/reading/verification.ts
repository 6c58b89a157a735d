import { owned } from '../content/byte-stream.ts'
import { incrementalDigest } from '../content/digest.ts'
import type { AttachmentId } from '../content/id.ts'
import { wrongDigest, wrongLength } from './integrity.ts'

/**
 * A body whose length is checked as it is read, and its digest too if that is asked for, as it can be of a whole blob
 * alone. The last chunk is held back until all is known to be right, so nobody ever gets all the bytes of a damaged
 * blob. An abort errors the stream and cancels the body at once, even while nobody reads.
 */
export function verified(
  body: ReadableStream<Uint8Array>,
  id: AttachmentId,
  length: number,
  verify: boolean,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const digest = verify ? incrementalDigest() : undefined
  let received = 0
  let onAbort: () => void
  let next: ReturnType<typeof reader.read> | undefined
  const end = (reason: unknown) => {
    signal.removeEventListener('abort', onAbort)
    return reader.cancel(reason)
  }
  return new ReadableStream(
    {
      start(controller) {
        onAbort = () => {
          controller.error(signal.reason)
          end(signal.reason).catch(() => {})
        }
        signal.addEventListener('abort', onAbort)
        if (signal.aborted) onAbort()
      },
      async pull(controller) {
        try {
          next ??= reader.read()
          const { value } = await next
          if (value) {
            received += value.byteLength
            // The next is read while this one is hashed.
            next = reader.read()
            digest?.update(value)
          }
          const { done, value: following } = await next
          const total = received + (following?.byteLength ?? 0)
          if (done ? total !== length : total > length) throw wrongLength(id, total, length)
          if (done && digest && digest.digest('hex') !== id) throw wrongDigest(id)
          if (value) controller.enqueue(owned(value))
          if (done) {
            await end(undefined)
            controller.close()
          }
        } catch (error) {
          end(error).catch(() => {})
          throw error
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}
