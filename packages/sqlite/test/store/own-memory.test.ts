import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { newPath } from '../folder.ts'

/** Whether the bytes have their memory to themselves, so that a transfer takes nothing else along. */
function ownsMemory(bytes: Uint8Array): boolean {
  return bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.byteLength
}

/** Sizes that are stored in a row and in chunks, compressed in place, in the thread pool, and not at all. */
const sizes = [0, 1, 100, 4096, 5000, 20_000, 32_768, 32_769, 60_000, 300_000, 1_100_000]

test.each(['text/plain', 'image/png'])('what is read shares memory with nothing else (%s)', async mediaType => {
  const { store, close } = openSqliteAttachments(newPath())
  onTestFinished(() => close())
  for (const size of sizes) {
    const bytes = new Uint8Array(size).map((_, index) => 97 + ((index * index) % 23))
    const { id } = await store.put(bytes, { mediaType })
    const read = [(await store.get(id)).bytes]
    for (const range of [{}, { start: 10 }, { start: Math.max(0, size - 50), end: size }]) {
      const { body } = await store.stream(id, range)
      read.push(...(await Array.fromAsync(body)))
    }
    expect(read.filter(chunk => !ownsMemory(chunk)).map(chunk => [size, chunk.byteLength, chunk.byteOffset])).toEqual(
      [],
    )
    const whole = read[0] as Uint8Array<ArrayBuffer>
    const sent = structuredClone(whole, { transfer: [whole.buffer] })
    expect(Buffer.compare(sent, bytes)).toBe(0)
    // The store can still read it.
    expect(Buffer.compare((await store.get(id)).bytes, bytes)).toBe(0)
  }
})
