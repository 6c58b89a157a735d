import { constants } from 'node:fs'
import { mkdir, open, readdir, rm, rmdir, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  type AttachmentContent,
  type AttachmentDriver,
  AttachmentInvalidArgumentError,
  AttachmentTooLargeError,
  contentId,
  PortableAttachmentStore,
} from '@lash/attachments-core'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import { newFolder } from '@lash/attachments-testing'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'

const memoryLimit = 64 * 1024
let directory: string
let store: PortableAttachmentStore

/** Spools into a folder that the test can look into, and stores nothing. */
function spoolingDriver(): AttachmentDriver {
  return {
    specificationVersion: 1,
    name: 'spooling',
    persistence: 'ephemeral',
    spool: { directory, memoryLimit },
    async write() {},
    async read() {
      return undefined
    },
    async stat() {
      return undefined
    },
    async remove() {},
    async *list() {},
    async close() {},
  }
}

beforeEach(async () => {
  directory = newFolder()
  store = new PortableAttachmentStore(spoolingDriver(), { maxByteLength: 4 * 1024 * 1024 })
})

afterEach(() => store.close())

function pattern(byteLength: number): Uint8Array {
  return Uint8Array.from({ length: byteLength }, (_, index) => (index * 31 + (index >> 8)) & 255)
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += size) yield bytes.subarray(start, start + size)
}

async function read(content: AttachmentContent): Promise<Buffer> {
  return Buffer.from(await new Response(content.stream()).arrayBuffer())
}

describe('prepare', () => {
  test.each([0, 1, memoryLimit, memoryLimit + 1, 600 * 1024, 2 * 1024 * 1024 + 7])(
    'gives the id and the bytes of a stream of %d bytes, as often as asked',
    async byteLength => {
      const bytes = pattern(byteLength)
      await using content = await store.prepare(pieces(bytes, 10_000))
      expect(content).toMatchObject({ id: contentId(bytes), byteLength })
      const [first, second] = await Promise.all([read(content), read(content)])
      expect(first.equals(bytes) && second.equals(bytes)).toBe(true)
    },
  )

  test('holds a small stream in memory and a big one in a file, which goes when it is disposed of', async () => {
    await using small = await store.prepare(pieces(pattern(memoryLimit), 1000))
    expect(small.bytes?.byteLength).toBe(memoryLimit)
    const big = await store.prepare(pieces(pattern(1024 * 1024), 1000))
    expect(big.bytes).toBeUndefined()
    expect(await readdir(directory)).toHaveLength(1)
    await big[Symbol.asyncDispose]()
    await big[Symbol.asyncDispose]()
    expect(await readdir(directory)).toEqual([])
  })

  test('a spool file that cannot be removed is an io error that says which, and can be tried again', async () => {
    const content = await store.prepare(pieces(pattern(1024 * 1024), 1000))
    const path = content.path as string
    await rm(path)
    await mkdir(path)
    await expect(content[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'io', path })
    await rmdir(path)
    await content[Symbol.asyncDispose]()
    expect(await readdir(directory)).toEqual([])
  })

  test('a spool file that cannot be read any further is an io error that says which', async () => {
    await using content = await store.prepare(pieces(pattern(1024 * 1024), 1000))
    const path = content.path as string
    const handle = await open(path)
    const { read: original } = Object.getPrototypeOf(handle)
    await handle.close()
    const broken = vi.spyOn(Object.getPrototypeOf(handle), 'read')
    broken.mockImplementationOnce(original).mockRejectedValueOnce(new Error('EIO: i/o error, read'))
    onTestFinished(() => broken.mockRestore())
    await expect(read(content)).rejects.toMatchObject({ code: 'io', path })
    expect((await read(content)).equals(pattern(1024 * 1024))).toBe(true)
  })

  test('a put whose source failed says so, also when its spool file cannot be removed', async () => {
    const failure = new Error('source broke')
    async function* failing() {
      yield pattern(1024 * 1024)
      const [name] = await readdir(directory)
      await rm(join(directory, name as string))
      await mkdir(join(directory, name as string))
      throw failure
    }
    await expect(store.put(failing(), { mediaType: 'a/b' })).rejects.toBe(failure)
  })

  test('without a folder, a big one is held in a file that never had a name', async context => {
    const unnamed = constants.O_RDWR | constants.O_DIRECTORY | 0o20000000
    const probe = await open(directory, unnamed).catch(() => undefined)
    await probe?.close()
    if (process.platform !== 'linux' || probe === undefined) context.skip('there are no files without a name here')
    const nowhere = new PortableAttachmentStore({ ...spoolingDriver(), spool: { memoryLimit } })
    vi.stubEnv('TMPDIR', directory)
    await utimes(directory, 1, 1)
    const bytes = new Uint8Array(2_000_000).fill(7)
    const content = await nowhere.prepare(new Blob([bytes]).stream())
    vi.unstubAllEnvs()
    expect(content.bytes).toBeUndefined()
    expect(content.path).toBeUndefined()
    expect((await stat(directory)).mtimeMs).toBe(1000)
    expect(new Uint8Array(await new Response(content.stream()).arrayBuffer())).toEqual(bytes)
    await content[Symbol.asyncDispose]()
  })

  test('keeps what a source gave even when the source uses its buffer again', async () => {
    async function* reusing() {
      const buffer = new Uint8Array(4)
      for (let round = 1; round <= 3; round++) yield buffer.fill(round)
    }
    await using content = await store.prepare(reusing())
    expect([...(content.bytes ?? [])]).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3])
  })

  test('copies an array before the first await', async () => {
    const bytes = pattern(300 * 1024)
    const id = contentId(bytes)
    const preparing = store.prepare(bytes)
    bytes.fill(0)
    await using content = await preparing
    expect(content.id).toBe(id)
    expect(contentId(content.bytes as Uint8Array)).toBe(id)
  })

  test('what other threads write into a chunk meanwhile does not come between its digest and its bytes', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(2 * 1024 * 1024))
    const writing = 'const { workerData } = require("node:worker_threads"); for (let i = 0; ; i++) workerData.fill(i)'
    const worker = new Worker(writing, { eval: true, workerData: shared })
    await expect.poll(() => shared[0]).toBeGreaterThan(0)
    try {
      for (const body of [shared, pieces(shared, 500_000), pieces(shared, 2 * 1024 * 1024)]) {
        await using content = await store.prepare(body)
        expect(contentId(await read(content))).toBe(content.id)
      }
    } finally {
      await worker.terminate()
    }
  })

  test('an array of more than 64 MiB is hashed piece by piece, with turns of the event loop between', async () => {
    await using memory = new InMemoryAttachmentStore()
    const bytes = new Uint8Array(65 * 1024 * 1024).fill(1)
    let turns = 0
    const turning = setInterval(() => turns++, 0)
    const { id } = await memory.put(bytes, { mediaType: 'a/b' })
    await memory.get(id)
    clearInterval(turning)
    expect(id).toBe(contentId(bytes))
    expect(turns).toBeGreaterThan(10)
  })

  test('rejects with what the source failed with, and leaves no file', async () => {
    const failure = new Error('source broke')
    async function* failing() {
      yield pattern(512 * 1024)
      throw failure
    }
    await expect(store.prepare(failing())).rejects.toBe(failure)
    expect(await readdir(directory)).toEqual([])
  })

  test('an abort frees it from a source that hangs, tells the source, and leaves no file', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    let cancelled: unknown
    const hanging = new ReadableStream<Uint8Array>(
      {
        pull(stream) {
          if (cancelled !== undefined) return
          stream.enqueue(pattern(512 * 1024))
          if (++pulls === 2) {
            queueMicrotask(() => controller.abort(reason))
            return new Promise(() => {})
          }
        },
        cancel(why) {
          cancelled = why
        },
      },
      { highWaterMark: 0 },
    )
    let pulls = 0
    await expect(store.prepare(hanging, { signal: controller.signal })).rejects.toBe(reason)
    expect(cancelled).toBe(reason)
    expect(await readdir(directory)).toEqual([])
  })

  test('stops reading at the limit and cancels the source', async () => {
    let cancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull: stream => stream.enqueue(new Uint8Array(256 * 1024)),
      cancel() {
        cancelled = true
      },
    })
    await expect(store.prepare(endless)).rejects.toThrow(AttachmentTooLargeError)
    expect(cancelled).toBe(true)
    expect(await readdir(directory)).toEqual([])
  })

  test.each([
    'a string',
    42,
    null,
    undefined,
    {},
    [1, 2],
    new Uint16Array(2),
    new DataView(new ArrayBuffer(2)),
    (async function* () {
      yield 'text'
    })(),
    { [Symbol.asyncIterator]: () => ({}) },
    { [Symbol.asyncIterator]: () => undefined },
  ])('refuses a body that is not bytes: %j', async body => {
    await expect(store.prepare(body as never)).rejects.toThrow(AttachmentInvalidArgumentError)
  })

  test('refuses a stream that somebody else reads', async () => {
    const stream = new ReadableStream<Uint8Array>()
    stream.getReader()
    await expect(store.prepare(stream)).rejects.toThrow(AttachmentInvalidArgumentError)
  })
})

test('content of which somebody says a false id is hashed again', async () => {
  await using memory = new InMemoryAttachmentStore()
  await using real = await memory.prepare(pattern(10))
  const forged: AttachmentContent = {
    id: contentId(pattern(99)),
    byteLength: 10,
    stream: () => real.stream(),
    async [Symbol.asyncDispose]() {},
  }
  const ref = await memory.put(forged, { mediaType: 'a/b' })
  expect(ref.id).toBe(contentId(pattern(10)))
})

test('prepared content can be put into several stores', async () => {
  await using content = await store.prepare(pieces(pattern(1024 * 1024), 5000))
  await using first = new InMemoryAttachmentStore()
  await using second = new InMemoryAttachmentStore()
  for (const target of [first, second]) {
    const ref = await target.put(content, { mediaType: 'a/b' })
    expect(contentId((await target.get(ref.id)).bytes)).toBe(content.id)
  }
})
