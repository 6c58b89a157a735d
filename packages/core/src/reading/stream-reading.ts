import { abortable } from '../calls/abort.ts'
import type { AttachmentMeta } from '../content/meta.ts'
import { free } from './free.ts'
import { arrayFor, wrongLength } from './integrity.ts'

/** This module is what reads the streams of drivers. Core loads it in the background, with the first store. */
export { verified } from './verification.ts'
export { watched } from './watched.ts'

/**
 * Reads a body that should have the length that the metadata says. Stops at the first byte too many; a body that is too
 * short is returned as it is.
 */
export async function collect(
  body: ReadableStream<Uint8Array>,
  meta: AttachmentMeta,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const reader = body.getReader()
  try {
    const bytes = arrayFor(meta)
    let length = 0
    for (;;) {
      const { done, value } = await abortable(reader.read(), signal)
      if (done) return length === bytes.byteLength ? bytes : bytes.subarray(0, length)
      if (length + value.byteLength > bytes.byteLength)
        throw wrongLength(meta.id, length + value.byteLength, meta.byteLength)
      bytes.set(value, length)
      length += value.byteLength
      free(value)
    }
  } catch (error) {
    reader.cancel(error).catch(() => {})
    throw error
  }
}
