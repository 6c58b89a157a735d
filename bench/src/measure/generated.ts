import { randomBytes } from 'node:crypto'

/**
 * A body of so many bytes in chunks of 64 KiB, in which no two chunks are the same. Its chunks share so many buffers,
 * in turn: one that is read on while earlier chunks are still being written needs many.
 */
export async function* generated(byteLength: number, buffers: number): AsyncGenerator<Uint8Array> {
  const first = randomBytes(64 * 1024)
  const chunks = Array.from({ length: buffers }, () => Buffer.from(first))
  for (let sent = 0, number = 0; sent < byteLength; sent += first.byteLength, number++) {
    const chunk = chunks[number % buffers] as Buffer
    chunk.writeUInt32LE(number, 0)
    yield chunk
  }
}
