import { createHash } from 'node:crypto'
import type { AttachmentListing, AttachmentStore } from '@lash/attachments-core'
import { copyStore, verifyStore } from '@lash/attachments-core/maintenance'
import { expect, test } from 'vitest'
import { driven, files } from './stores.ts'

const MiB = 2 ** 20
const chunkBytes = MiB / 4

/** How many bytes of buffers a run has held at most, garbage included, by what it held each time it read. */
class Held {
  readonly #before = process.memoryUsage().arrayBuffers
  #most = 0

  look(): void {
    this.#most = Math.max(this.#most, process.memoryUsage().arrayBuffers - this.#before)
  }

  get mebibytes(): number {
    return this.#most / MiB
  }
}

/** A store of so many blobs, which are made as they are read. Each is full of its own number. */
function source(count: number, byteLength: number, onRead: () => void): AttachmentStore {
  const numbers = new Map<string, number>()
  // One for all: it is not to make garbage itself.
  const chunk = new Uint8Array(chunkBytes)
  for (let number = 0; number < count; number++) {
    const hash = createHash('sha256')
    chunk.fill(number)
    for (let length = 0; length < byteLength; length += chunkBytes) hash.update(chunk)
    numbers.set(hash.digest('hex'), number)
  }
  return driven({
    async *list({ prefix }) {
      const ids = [...numbers.keys()].filter(id => id.startsWith(prefix))
      yield* ids.map((id): AttachmentListing => ({ id, generation: 0, byteLength }))
    },
    async read({ id }) {
      let length = 0
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          onRead()
          if (length === byteLength) return controller.close()
          length += chunkBytes
          controller.enqueue(new Uint8Array(chunkBytes).fill(numbers.get(id) ?? 0))
        },
      })
      return { meta: { id, byteLength, mediaType: 'a/b' }, body }
    },
  })
}

test.each([
  ['one blob of 64 MiB', 1, 64 * MiB, 16],
  // Eight at a time, each in a body and its chunks. Nothing freed would be 64 MiB and more.
  ['64 blobs of 1 MiB', 64, MiB, 32],
])('a run over %s leaves no garbage of buffers', async (_, count, byteLength, most) => {
  const { store: target } = files()
  const read = new Held()
  const verified = await verifyStore(source(count, byteLength, () => read.look()))
  expect(verified).toEqual({ checkedCount: count, byteLength: count * byteLength, damaged: [] })
  expect(read.mebibytes).toBeLessThan(most)

  const copied = new Held()
  const from = source(count, byteLength, () => copied.look())
  expect(await copyStore(from, target)).toMatchObject({ copiedCount: count, failures: [] })
  expect(copied.mebibytes).toBeLessThan(most)
})
