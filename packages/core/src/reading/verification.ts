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
  let heldBack: Uint8Array | undefined
  let onAbort: () => void
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
          for (;;) {
            const { done, value } = await reader.read()
            const ready = heldBack
            heldBack = value
            received += value?.byteLength ?? 0
            if (done ? received !== length : received > length) throw wrongLength(id, received, length)
            if (value !== undefined) digest?.update(value)
            else if (digest !== undefined && digest.digest('hex') !== id) throw wrongDigest(id)
            if (ready !== undefined) controller.enqueue(owned(ready))
            if (done) {
              await end(undefined)
              controller.close()
            }
            if (done || ready !== undefined) return
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
