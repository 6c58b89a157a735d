import { incrementalDigest } from './digest.ts'
import { AttachmentCorruptError } from './errors.ts'
import type { AttachmentId } from './id.ts'

export interface VerifiedStreamOptions {
  id: AttachmentId
  /** How many bytes the stream must give. */
  length: number
  /** Whether the stream is the whole blob, so that its digest must be the id. */
  verifyDigest: boolean
  signal: AbortSignal | undefined
  mapError(error: unknown): unknown
  /** Where the stream enters itself while it is open, so that its store can end it. */
  open: Set<(error: Error) => void>
}

/**
 * A body that is checked as it passes. The last chunk is held back until everything is known to be right, so nobody ever holds
 * all the bytes of a damaged blob.
 */
export function verifiedStream(
  body: Uint8Array | ReadableStream<Uint8Array>,
  options: VerifiedStreamOptions,
): ReadableStream<Uint8Array> {
  const { id, length, verifyDigest, signal, open } = options
  const reader = (body instanceof Uint8Array ? once(body) : body).getReader()
  const digest = verifyDigest ? incrementalDigest() : undefined
  let received = 0
  let heldBack: Uint8Array | undefined
  let fail: (error: unknown) => void = () => {}
  const onAbort = () => fail(signal?.reason)

  const settle = () => {
    open.delete(fail)
    signal?.removeEventListener('abort', onAbort)
  }
  const next = async (): Promise<Uint8Array | undefined> => {
    for (;;) {
      const { done, value } = await reader.read()
      if (!done) {
        if (value.byteLength === 0) continue
        received += value.byteLength
        if (received > length) throw wrongStreamLength(id, received, length)
        digest?.update(value)
        const ready = heldBack
        heldBack = value
        if (ready !== undefined) return ready
        continue
      }
      if (received !== length) throw wrongStreamLength(id, received, length)
      if (digest !== undefined && digest.id() !== id) throw wrongDigest(id)
      return undefined
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        fail = error => {
          settle()
          controller.error(error)
          reader.cancel(error).catch(() => {})
        }
        open.add(fail)
        signal?.addEventListener('abort', onAbort, { once: true })
        if (signal?.aborted) onAbort()
      },
      async pull(controller) {
        try {
          const chunk = await next()
          if (!open.has(fail)) return
          if (chunk !== undefined) return controller.enqueue(chunk)
          settle()
          if (heldBack !== undefined) controller.enqueue(heldBack)
          controller.close()
        } catch (error) {
          if (open.has(fail)) fail(options.mapError(error))
        }
      },
      cancel(reason) {
        settle()
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

export function wrongDigest(id: AttachmentId): AttachmentCorruptError {
  return new AttachmentCorruptError(
    id,
    `the stored bytes of ${id} are damaged: their SHA-256 is another; delete them and put the original again`,
  )
}

function wrongStreamLength(id: AttachmentId, actual: number, expected: number): AttachmentCorruptError {
  return new AttachmentCorruptError(
    id,
    `the stored bytes of ${id} are damaged: ${actual} bytes or more where there should be ${expected}; put the original again`,
  )
}

function once(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
}
