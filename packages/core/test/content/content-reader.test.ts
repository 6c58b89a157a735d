import { AttachmentBackendError, type AttachmentContent } from '@lash/attachments-core'
import { blocksOf, ContentReader, readInto, streamOf } from '@lash/attachments-core/backend'
import { describe, expect, test, vi } from 'vitest'

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => (index * 31 + (index >> 8)) & 255)

/** Content that is read from a stream in pieces of that size. */
function streamed(pieceBytes: number, byteLength = bytes.byteLength): AttachmentContent {
  const stream = () => streamOf(bytes.subarray(0, Math.min(byteLength, bytes.byteLength)), pieceBytes)
  return { id: '0'.repeat(64), byteLength, stream, async [Symbol.asyncDispose]() {} }
}

function held(content: Uint8Array): AttachmentContent {
  return { ...streamed(1), byteLength: content.byteLength, bytes: content }
}

/** Copies, so that blocks in the same memory can be told apart. */
async function copiesOf(blocks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const copies: Uint8Array[] = []
  for await (const block of blocks) copies.push(new Uint8Array(block))
  return copies
}

const sizes = [1, 7, 99, 100, 101, 333, 999, 1000, 1001]

describe('blocks', () => {
  test.each([false, true])(
    'have the size that is asked for, whatever the pieces are; memory reused: %s',
    async reuse => {
      for (const pieceBytes of sizes) {
        for (const blockBytes of sizes) {
          const blocks = await copiesOf(blocksOf(streamed(pieceBytes), blockBytes, { reuse }))
          expect(blocks.slice(0, -1).every(block => block.byteLength === blockBytes)).toBe(true)
          expect(blocks).toHaveLength(Math.ceil(1000 / blockBytes))
          expect(new Uint8Array(Buffer.concat(blocks))).toEqual(bytes)
        }
      }
    },
  )

  test('of bytes in memory are windows on them', async () => {
    const blocks: Uint8Array[] = []
    for await (const block of blocksOf(held(bytes), 300)) blocks.push(block)
    expect(blocks.map(({ byteOffset, byteLength }) => [byteOffset, byteLength])).toEqual([
      [0, 300],
      [300, 300],
      [600, 300],
      [900, 100],
    ])
    expect(blocks.every(({ buffer }) => buffer === bytes.buffer)).toBe(true)
  })

  test('are none where there is no content', async () => {
    expect(await copiesOf(blocksOf(streamed(1, 0), 10))).toEqual([])
    expect(await copiesOf(blocksOf(held(new Uint8Array(0)), 10))).toEqual([])
  })

  test('have memory of their own, or all the same', async () => {
    const buffersOf = async (reuse: boolean) => {
      const buffers = new Set<ArrayBufferLike>()
      for await (const { buffer } of blocksOf(streamed(70), 100, { reuse })) buffers.add(buffer)
      return buffers.size
    }
    expect(await buffersOf(false)).toBe(10)
    expect(await buffersOf(true)).toBe(1)
  })

  test('end with the reason of the signal', async () => {
    for (const content of [streamed(10), held(bytes)]) {
      const abort = new AbortController()
      const blocks = blocksOf(content, 100, { signal: abort.signal })
      await blocks.next()
      abort.abort(new Error('enough'))
      await expect(blocks.next()).rejects.toThrow('enough')
    }
  })

  test('let the source go when nobody asks for more', async () => {
    const cancel = vi.fn()
    const stream = () => new ReadableStream<Uint8Array>({ pull: controller => controller.enqueue(bytes), cancel })
    for await (const _ of blocksOf({ ...streamed(1), stream }, 100)) break
    expect(cancel).toHaveBeenCalledOnce()
  })
})

test('content that is shorter than it says is an error', async () => {
  const short = streamed(64, 1001)
  await expect(copiesOf(blocksOf(short, 500))).rejects.toBeInstanceOf(AttachmentBackendError)
  await expect(readInto(new Uint8Array(1001), short)).rejects.toThrow('shorter than the 1001 bytes')
})

test('buffers that are filled at the same time get their bytes in the order of the calls', async () => {
  const reader = new ContentReader(streamed(64))
  const buffers = [300, 0, 1, 699].map(byteLength => new Uint8Array(byteLength))
  await Promise.all(buffers.map(buffer => reader.fill(buffer)))
  await reader.close()
  expect(new Uint8Array(Buffer.concat(buffers))).toEqual(bytes)
})

test('all of it is read into one buffer', async () => {
  const buffer = new Uint8Array(1000)
  await readInto(buffer, streamed(64))
  expect(buffer).toEqual(bytes)
})
