import assert from 'node:assert/strict'
import type { AttachmentBody } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { buffersInUse } from '../../run/buffers-in-use.ts'
import {
  comesBack,
  isAbsent,
  isStored,
  listedIds,
  nothingStaged,
  rejectsWith,
  rejectsWithReason,
  sameBytes,
} from '../../run/expect.ts'
import { handlesAreClosed, openHandles } from '../../run/open-handles.ts'
import {
  chunksOf,
  independentId,
  MiB,
  plain,
  readAll,
  sampleBytes,
  stalledSource,
  turn,
  webStream,
} from '../../run/samples.ts'
import { soon } from '../../run/soon.ts'
import { storeGroup } from '../store-under-test.ts'

export const streamCases: readonly StoreCase[] = storeGroup('streams', {
  'tiny-chunks': {
    title: 'a source of one-byte and empty chunks is stored whole',
    async run({ store }) {
      const bytes = sampleBytes(5000)
      async function* source() {
        for (const chunk of chunksOf(bytes, 1)) {
          yield chunk
          yield new Uint8Array(0)
        }
      }
      await comesBack(store, source(), bytes, 'after put')
    },
  },
  'uneven-chunks': {
    title: 'a source whose chunks are small and large by turns is stored whole',
    async run({ store }) {
      const bytes = sampleBytes(3 * MiB + 17)
      async function* source() {
        for (let start = 0, step = 1; start < bytes.byteLength; start += step, step = (step * 7) % 700_001) {
          yield bytes.slice(start, start + step)
          if (start + step >= bytes.byteLength) return
        }
      }
      await comesBack(store, source(), bytes, 'after put')
    },
  },
  pieces: {
    title: 'what is read are plain Uint8Arrays, of which those of a stream have at most 1 MiB',
    async run({ store, streamSample }) {
      const { id } = await streamSample(3 * MiB)
      const { body } = await store.stream(id)
      for await (const chunk of body) {
        assert.ok(chunk.byteLength <= MiB, `a chunk has ${chunk.byteLength} bytes`)
        isPlain(chunk, 'a chunk')
      }
      isPlain((await store.get(id)).bytes, 'what get gives')
      const { body: range } = await store.stream(id, { start: 1000, end: 2000 })
      for await (const chunk of range) isPlain(chunk, 'a chunk of a range')
    },
  },
  'empty-source': {
    title: 'a source that ends at once is the empty blob',
    async run({ store }) {
      const empty = new Uint8Array(0)
      await comesBack(store, webStream(empty), empty, 'the empty blob')
    },
  },
  'failing-source': {
    title: "when its source fails, a put rejects with the source's own error and leaves nothing visible",
    async run({ store }) {
      for (const length of [0, 1000, 3 * MiB]) {
        const bytes = sampleBytes(length)
        const failure = new Error('the source failed')
        async function* source() {
          yield* chunksOf(bytes, 100_000)
          throw failure
        }
        await rejectsWithReason(store.put(source(), plain), failure, `after ${length} bytes`)
        await isAbsent(store, independentId(bytes), `after ${length} bytes`)
      }
      assert.deepEqual(await listedIds(store), [])
    },
  },
  'failing-source-leaves-no-litter': {
    title: 'a put whose source fails leaves nothing staged, and the next put of the same bytes works',
    requires: ['staging'],
    async run({ store, fixture }) {
      const bytes = sampleBytes(3 * MiB)
      const source = stalledSource([bytes])
      const putting = store.put(source.stream, plain)
      await source.stalled
      source.fail(new Error('the source failed'))
      await assert.rejects(putting, { message: 'the source failed' })
      await nothingStaged(fixture, 'then')
      await comesBack(store, webStream(bytes), bytes, 'the next put')
      await nothingStaged(fixture, 'then')
    },
  },
  'no-litter-after-put': {
    title: 'a put that stored, repeated or was refused leaves nothing staged',
    requires: ['staging'],
    async run({ store, fixture }) {
      const bytes = sampleBytes(3 * MiB)
      for (const body of [bytes, webStream(bytes), new Blob([bytes]), webStream(bytes)]) {
        await store.put(body, plain)
        await nothingStaged(fixture, 'then')
      }
      await rejectsWith(store.put(textChunks(), plain), 'invalid_argument', 'a source of strings')
      const content = await store.prepare(webStream(bytes))
      await content[Symbol.asyncDispose]()
      await nothingStaged(fixture, 'then')
    },
  },
  'source-of-other-things': {
    title: 'a source that yields anything but Uint8Array is an invalid argument, and nothing is stored',
    async run({ store }) {
      const chunks: unknown[] = ['text', 7, null, [1, 2], new Uint16Array(2), new ArrayBuffer(2), {}]
      for (const chunk of chunks) {
        async function* source() {
          yield sampleBytes(10)
          yield chunk as Uint8Array
        }
        await rejectsWith(store.put(source(), plain), 'invalid_argument', `chunk ${String(chunk)}`)
      }
      assert.deepEqual(await listedIds(store), [])
    },
  },
  'unsupported-bodies': {
    title: 'a body of an unsupported type is an invalid argument, and nothing is stored',
    async run({ store }) {
      const locked = webStream(sampleBytes(10))
      locked.getReader()
      const detached = new ArrayBuffer(8)
      structuredClone(detached, { transfer: [detached] })
      const bodies: unknown[] = [
        'a string',
        '',
        7,
        true,
        null,
        undefined,
        {},
        [1, 2, 3],
        [sampleBytes(3)],
        new Uint16Array(4),
        new Float64Array(1),
        new DataView(new ArrayBuffer(4)),
        () => sampleBytes(3),
        Promise.resolve(sampleBytes(3)),
        locked,
        detached,
      ]
      for (const body of bodies) {
        const what = `body ${Object.prototype.toString.call(body)}`
        await rejectsWith(store.put(body as AttachmentBody, plain), 'invalid_argument', what)
        await rejectsWith(store.prepare(body as AttachmentBody), 'invalid_argument', `${what} prepared`)
      }
      assert.deepEqual(await listedIds(store), [])
    },
  },
  'many-readers': {
    title: 'many streams of one blob at once each give all of it',
    async run({ store, streamSample }) {
      const { id, bytes } = await streamSample(1_200_000)
      const read = async () => sameBytes(await readAll((await store.stream(id)).body), bytes, 'one of many')
      await Promise.all(Array.from({ length: 12 }, read))
    },
  },
  'slow-reader': {
    title: 'a slow reader gets every byte',
    async run({ store, streamSample }) {
      const { id, bytes } = await streamSample(2 * MiB)
      const { body } = await store.stream(id)
      const chunks: Uint8Array[] = []
      for await (const chunk of body) {
        chunks.push(chunk)
        await store.stat(id)
        await turn()
      }
      sameBytes(Buffer.concat(chunks), bytes, 'read slowly')
    },
  },
  'bounded-memory': {
    title: 'a stream is read as its reader asks: one chunk of 48 MiB does not bring the rest into memory',
    requires: ['incremental-reads'],
    async run({ store }) {
      async function* source() {
        for (let part = 0; part < 48; part++) yield sampleBytes(MiB, part)
      }
      const { id } = await store.put(source(), plain)
      const before = await buffersInUse()
      const { body } = await store.stream(id)
      const reader = body.getReader()
      await reader.read()
      await turn(200)
      const grown = (await buffersInUse()) - before
      await reader.cancel()
      assert.ok(grown < 24 * MiB, `${Math.round(grown / MiB)} MiB were read for a reader that took one chunk`)
    },
  },
  'reader-that-stops': {
    title: 'a reader that stops early, or never starts, releases its handles',
    async run({ store, streamSample }) {
      const { id, bytes } = await streamSample(1_500_000)
      const stopEarly = async (round: number) => {
        const { body } = await store.stream(id, round % 3 === 0 ? { start: 10, end: 900_000 } : {})
        if (round % 2 === 0) return body.cancel('enough')
        const reader = body.getReader()
        await reader.read()
        await reader.cancel()
      }
      for (let round = 0; round < 10; round++) await stopEarly(round)
      const before = await openHandles()
      for (let round = 0; round < 80; round++) await stopEarly(round)
      await handlesAreClosed(before, 15, 'after 80 readers stopped')
      await isStored(store, id, bytes, 'afterwards')
      await store.delete(id)
      await isAbsent(store, id, 'afterwards')
    },
  },
  'stopped-source-is-told': {
    title: 'a source is told to stop when its put is refused halfway',
    async run({ store }) {
      let returned = false
      async function* source() {
        try {
          yield sampleBytes(10)
          yield 'not bytes' as unknown as Uint8Array
          yield sampleBytes(10)
        } finally {
          returned = true
        }
      }
      await rejectsWith(store.put(source(), plain), 'invalid_argument', 'a chunk that is not bytes')
      assert.ok(await soon(() => returned, Boolean), 'the source was left waiting')
    },
  },
})

async function* textChunks(): AsyncGenerator<Uint8Array, void, void> {
  yield sampleBytes(2 * MiB)
  yield 'text' as unknown as Uint8Array
}

/** A `Buffer` is an array too, and its `slice` is no copy: who changes it changes what others read. */
function isPlain(bytes: Uint8Array, what: string): void {
  assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype, `${what} is a ${bytes.constructor.name}`)
}
