import { randomBytes } from 'node:crypto'

/** A body of so many bytes in chunks of 64 KiB, in which no two chunks are the same. Its chunks share one buffer. */
export async function* generated(byteLength: number): AsyncGenerator<Uint8Array> {
  const chunk = randomBytes(64 * 1024)
  for (let sent = 0; sent < byteLength; sent += chunk.byteLength) {
    chunk.writeUInt32LE(sent / chunk.byteLength, 0)
    yield chunk
  }
}
