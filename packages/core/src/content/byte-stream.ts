/** The bytes as a stream of chunks, copied so that who reads them can do with them what it likes. */
export function streamOf(bytes: Uint8Array, chunkBytes: number = 64 * 1024): ReadableStream<Uint8Array> {
  let offset = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (offset >= bytes.byteLength) return controller.close()
        const end = Math.min(offset + chunkBytes, bytes.byteLength)
        controller.enqueue(new Uint8Array(bytes.subarray(offset, end)))
        offset = end
      },
    },
    { highWaterMark: 0 },
  )
}
