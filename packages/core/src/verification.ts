import { incrementalDigest } from './digest.ts'
import type { AttachmentId } from './id.ts'
import { wrongDigest, wrongLength } from './integrity.ts'

/**
 * Checks a body as it passes: that it has the length, and the digest too when it is the whole blob. The last chunk is held back until everything is
 * known to be right, so nobody ever holds all the bytes of a damaged blob.
 */
export function verification(
  id: AttachmentId,
  length: number,
  wholeBlob: boolean,
): TransformStream<Uint8Array, Uint8Array> {
  const digest = incrementalDigest()
  let received = 0
  let heldBack: Uint8Array | undefined
  return new TransformStream({
    transform(chunk, controller) {
      received += chunk.byteLength
      if (received > length) throw wrongLength(id, received, length)
      digest.update(chunk)
      if (heldBack !== undefined) controller.enqueue(heldBack)
      heldBack = chunk
    },
    flush(controller) {
      if (received !== length) throw wrongLength(id, received, length)
      if (wholeBlob && digest.id() !== id) throw wrongDigest(id)
      if (heldBack !== undefined) controller.enqueue(heldBack)
    },
  })
}
