import assert from 'node:assert/strict'
import type { AttachmentBody } from '@lash/attachments-core'
import { caseGroup, type StoreCase } from '../../case.ts'
import { buffersInUse } from '../../run/buffers-in-use.ts'
import {
  isAbsent,
  isStored,
  listedIds,
  nothingStaged,
  rejectsWith,
  rejectsWithReason,
  sameBytes,
} from '../../run/expect.ts'
import { handlesAreClosed, openHandles } from '../../run/open-handles.ts'
import { chunksOf, independentId, readAll, sampleBytes, stalledSource, turn, webStream } from '../../run/samples.ts'

const plain = { mediaType: 'application/octet-stream' }
const MiB = 1024 * 1024

export const streamCases: readonly StoreCase[] = caseGroup('store', 'streams', [
  {
    name: 'tiny-chunks',
    title: 'a source of one-byte chunks, with empty ones between them, is put whole',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(5000)
      async function* source() {
        for (const chunk of chunksOf(bytes, 1)) {
          yield chunk
          yield new Uint8Array(0)
        }
      }
      const { id } = await store.put(source(), plain)
      assert.equal(id, independentId(bytes))
      await isStored(store, id, bytes, 'after put')
    },
  },
  {
    name: 'uneven-chunks',
    title: 'chunks of any size, small and large by turns, are put whole',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(3 * MiB + 17)
      async function* source() {
        for (let start = 0, step = 1; start < bytes.byteLength; start += step, step = (step * 7) % 700_001) {
          yield bytes.slice(start, start + step)
          if (start + step >= bytes.byteLength) return
        }
      }
      const { id } = await store.put(source(), plain)
      assert.equal(id, independentId(bytes))
      await isStored(store, id, bytes, 'after put')
    },
  },
  {
    name: 'empty-source',
    title: 'a source that ends at once is the empty blob',
    async run(context) {
      const { store } = await context.create()
      const { id, byteLength } = await store.put(webStream(new Uint8Array(0)), plain)
      assert.deepEqual([id, byteLength], [independentId(new Uint8Array(0)), 0])
      await isStored(store, id, new Uint8Array(0), 'the empty blob')
    },
  },
  {
    name: 'failing-source',
    title: "a source that fails fails the put with the source's own error, and leaves nothing that can be seen",
    async run(context) {
      const { store } = await context.create()
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
  {
    name: 'failing-source-leaves-no-litter',
    title: 'a source that fails leaves nothing staged, and the next put of the same bytes works',
    requires: ['staging'],
    async run(context) {
      const fixture = await context.create()
      const { store } = fixture
      const bytes = sampleBytes(3 * MiB)
      const source = stalledSource([bytes])
      const putting = store.put(source.stream, plain)
      await source.stalled
      source.fail(new Error('the source failed'))
      await assert.rejects(putting, { message: 'the source failed' })
      await nothingStaged(fixture, 'then')
      const { id } = await store.put(webStream(bytes), plain)
      await isStored(store, id, bytes, 'the next put')
      await nothingStaged(fixture, 'then')
    },
  },
  {
    name: 'no-litter-after-put',
    title: 'a put that succeeded, was repeated, or was refused leaves nothing staged',
    requires: ['staging'],
    async run(context) {
      const fixture = await context.create()
      const { store } = fixture
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
  {
    name: 'source-of-other-things',
    title: 'a source that gives anything but Uint8Array is an invalid argument, and nothing is stored',
    async run(context) {
      const { store } = await context.create()
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
  {
    name: 'unsupported-bodies',
    title: 'a body of a type that is not supported is an invalid argument, and nothing is stored',
    async run(context) {
      const { store } = await context.create()
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
  {
    name: 'many-readers',
    title: 'many streams of one blob at once are each whole',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(1_200_000)
      const { id } = await store.put(webStream(bytes), plain)
      const read = async () => sameBytes(await readAll((await store.stream(id)).body), bytes, 'one of many')
      await Promise.all(Array.from({ length: 12 }, read))
    },
  },
  {
    name: 'slow-reader',
    title: 'a reader that takes its time gets every byte',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(2 * MiB)
      const { id } = await store.put(webStream(bytes), plain)
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
  {
    name: 'bounded-memory',
    title: 'a stream is read as the reader asks: of 48 MiB, one chunk does not bring all into memory',
    requires: ['incremental-reads'],
    async run(context) {
      const { store } = await context.create()
      async function* source() {
        for (let part = 0; part < 48; part++) yield sampleBytes(MiB, part)
      }
      const { id } = await store.put(source(), plain)
      const before = await buffersInUse()
      const { body } = await store.stream(id)
      const reader = body.getReader()
      await reader.read()
      for (let turns = 0; turns < 200; turns++) await turn()
      const grown = (await buffersInUse()) - before
      await reader.cancel()
      assert.ok(grown < 24 * MiB, `${Math.round(grown / MiB)} MiB were read for a reader that took one chunk`)
    },
  },
  {
    name: 'reader-that-stops',
    title: 'readers that stop early, or never start, release what they held',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(1_500_000)
      const { id } = await store.put(webStream(bytes), plain)
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
  {
    name: 'stopped-source-is-told',
    title: 'a source is cancelled when its put is refused halfway',
    async run(context) {
      const { store } = await context.create()
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
      for (let turns = 0; turns < 10 && !returned; turns++) await turn()
      assert.ok(returned, 'the source was left waiting')
    },
  },
])

async function* textChunks(): AsyncGenerator<Uint8Array, void, void> {
  yield sampleBytes(2 * MiB)
  yield 'text' as unknown as Uint8Array
}
