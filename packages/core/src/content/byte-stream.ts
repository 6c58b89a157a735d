/** Views of the bytes, all of one size but the last, which may be shorter. */
export function* slices(bytes: Uint8Array, sliceBytes: number): Generator<Uint8Array, void, void> {
  for (let start = 0; start < bytes.byteLength; start += sliceBytes) yield bytes.subarray(start, start + sliceBytes)
}

/** The blocks, whose lengths add up to `byteLength`, as one array that owns its memory. */
export function joined(blocks: readonly Uint8Array[], byteLength: number): Uint8Array {
  const [first] = blocks
  if (blocks.length === 1 && first?.buffer.byteLength === byteLength) return first
  const bytes = new Uint8Array(byteLength)
  let length = 0
  for (const block of blocks) {
    bytes.set(block, length)
    length += block.byteLength
  }
  return bytes
}

/** The bytes as a stream of chunks. Each chunk is a copy that its reader may change or transfer. */
export function streamOf(bytes: Uint8Array, chunkBytes: number = 64 * 1024): ReadableStream<Uint8Array> {
  const chunks = slices(bytes, chunkBytes)
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { value } = chunks.next()
        if (value) controller.enqueue(new Uint8Array(value))
        else controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

/**
 * The bytes in a buffer of their own. In a bigger buffer, their reader could see and change bytes that are not the
 * reader's, and could not transfer the buffer.
 */
export function owned(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}
