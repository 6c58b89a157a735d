import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import type { AttachmentBody } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { comesBack, isStored, sameBytes } from '../../run/expect.ts'
import { chunksOf, independentId, plain, readAll, sampleBytes, webStream } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

/** What goes in comes out, whatever form it had. */
export const roundTripCases: readonly StoreCase[] = storeGroup('round trip', {
  'bytes-and-id': {
    title: 'get returns the bytes that put was given; their id is their SHA-256 in lower-case hex',
    async run({ store }) {
      const bytes = sampleBytes(10_000)
      const ref = await comesBack(store, bytes, bytes, 'after put')
      const { meta, body } = await store.stream(ref.id)
      assert.deepEqual(meta, { id: ref.id, byteLength: bytes.byteLength, ...plain })
      sameBytes(await readAll(body), bytes, 'stream')
    },
  },
  'every-byte-value': {
    title: 'every byte value comes back, wherever it stands: nothing is decoded as text',
    async run({ store }) {
      const every = Uint8Array.from({ length: 512 }, (_, index) => (index < 256 ? index : 511 - index))
      const notText = Uint8Array.of(0xef, 0xbb, 0xbf, 0xff, 0xfe, 0x0d, 0x0a, 0x1a, 0x00, 0xc3, 0x28, 0x0a)
      for (const bytes of [every, notText]) {
        const ref = await store.put(bytes, { mediaType: 'text/plain; charset=utf-8' })
        await isStored(store, ref.id, bytes, 'as text/plain')
      }
    },
  },
  compressible: {
    title: 'bytes that compress well come back under every media type, compressible or not',
    async run({ store }) {
      const types = ['text/plain', 'application/json', 'image/svg+xml', 'image/png', 'application/zip']
      for (const [index, mediaType] of types.entries()) {
        const bytes = new Uint8Array(40_000).fill(0x20 + index)
        const ref = await store.put(bytes, { mediaType })
        await isStored(store, ref.id, bytes, mediaType)
        const { body } = await store.stream(ref.id, { start: 30_000, end: 30_010 })
        sameBytes(await readAll(body), bytes.slice(30_000, 30_010), `a range of ${mediaType}`)
      }
    },
  },
  'input-changed-afterwards': {
    title: 'changing the array right after calling put does not change what is stored',
    async run({ store }) {
      for (const length of [1000, 300_000]) {
        const original = sampleBytes(length)
        const array = original.slice()
        const buffer = original.slice().buffer
        const putting = [store.put(array, plain), store.put(buffer, plain)]
        array.fill(0)
        new Uint8Array(buffer).fill(0)
        const [ref, other] = await Promise.all(putting)
        assert.equal(ref?.id, independentId(original), 'the id is of the bytes at the time of the call')
        assert.equal(other?.id, ref?.id)
        array.fill(1)
        await isStored(store, independentId(original), original, `${length} bytes`)
      }
    },
  },
  'output-changed': {
    title: 'changing what get or stream returned does not change what is stored',
    async run({ store }) {
      const bytes = sampleBytes(100_000)
      const { id } = await store.put(bytes, { ...plain, label: 'mine' })
      const got = await store.get(id)
      got.bytes.fill(0)
      got.meta.label = 'changed'
      got.meta.byteLength = 1
      const { body, meta } = await store.stream(id)
      meta.label = 'changed too'
      for await (const chunk of body) chunk.fill(0)
      const ranged = await store.stream(id, { start: 10, end: 20 })
      for await (const chunk of ranged.body) chunk.fill(0)
      const stat = await store.stat(id)
      if (stat !== undefined) stat.label = 'changed as well'
      await isStored(store, id, bytes, 'after the changes')
      assert.equal((await store.get(id)).meta.label, 'mine')
    },
  },
  'metadata-object-changed': {
    title: 'changing the metadata object right after calling put does not change what is stored',
    async run({ store }) {
      const meta = { ...plain, label: 'before' }
      const putting = store.put(sampleBytes(100), meta)
      meta.label = 'after'
      const ref = await putting
      assert.equal(ref.label, 'before')
      ref.label = 'changed'
      assert.equal((await store.stat(ref.id))?.label, 'before')
    },
  },
  views: {
    title: 'of a view into a larger buffer, exactly the bytes in view are stored',
    async run({ store }) {
      const large = sampleBytes(50_000)
      const view = large.subarray(1234, 4321)
      const pooled = Buffer.from('a small buffer shares its memory with others')
      for (const bytes of [view, pooled]) {
        await comesBack(store, bytes, Uint8Array.from(bytes), 'the view')
      }
    },
  },
  'body-types': {
    title: 'the same bytes have the same id and come back the same, whatever form of body they come in',
    async run({ store }) {
      const bytes = sampleBytes(70_000)
      const bodies: Record<string, () => AttachmentBody | Promise<AttachmentBody>> = {
        Uint8Array: () => bytes,
        Buffer: () => Buffer.from(bytes),
        ArrayBuffer: () => bytes.slice().buffer,
        Blob: () => new Blob([bytes.slice(0, 100), bytes.slice(100)]),
        ReadableStream: () => webStream(bytes),
        'byte stream': () => new Blob([bytes]).stream(),
        'async generator': () => asyncChunks(bytes),
        'Node Readable': () => Readable.from(chunksOf(bytes, 10_000), { objectMode: false }),
        'prepared content': () => store.prepare(webStream(bytes)),
      }
      for (const [name, body] of Object.entries(bodies)) {
        const ref = await comesBack(store, await body(), bytes, name)
        await store.delete(ref.id)
      }
    },
  },
  'source-reuses-its-buffer': {
    title: 'a source may reuse one buffer: each chunk is stored as it was when the source gave it',
    async run({ store }) {
      const bytes = sampleBytes(2_500_000)
      await comesBack(store, reusingOneBuffer(bytes, 50_000), bytes, 'after put')
    },
  },
  'prepared-content': {
    title: 'prepare stores nothing; its content can be read and put many times, and its id is right',
    async run({ store }) {
      for (const length of [1000, 2_500_000]) {
        const bytes = sampleBytes(length, length)
        const content = await store.prepare(webStream(bytes))
        assert.equal(content.id, independentId(bytes))
        assert.equal(content.byteLength, length)
        assert.equal(await store.stat(content.id), undefined, 'nothing is stored by prepare')
        const [first, second] = await Promise.all([readAll(content.stream()), readAll(content.stream())])
        sameBytes(first, bytes, 'content read once')
        sameBytes(second, bytes, 'content read again')
        const ref = await store.put(content, plain)
        await store.delete(ref.id)
        await store.put(content, plain)
        await isStored(store, ref.id, bytes, 'after the second put')
        await content[Symbol.asyncDispose]()
        await isStored(store, ref.id, bytes, 'after the content is disposed of')
      }
    },
  },
  'content-that-lies': {
    title: 'the id of content made elsewhere is not trusted: its bytes are hashed again',
    async run({ store }) {
      const bytes = sampleBytes(5000)
      const lie = {
        id: independentId(Buffer.from('something else')),
        byteLength: 12,
        stream: () => webStream(bytes),
        async [Symbol.asyncDispose]() {},
      }
      await comesBack(store, lie, bytes, 'under its true id')
      assert.equal(await store.stat(lie.id), undefined, 'nothing is stored under the id of the lie')
    },
  },
  'pending-ids-of-a-plain-store': {
    title: 'a plain store has no pending ids, before, during or after a put, and marking does nothing',
    requires: ['plain'],
    async run({ store }) {
      const putting = store.put(sampleBytes(100), plain)
      assert.deepEqual(store.pendingManifestCommitIds(), [])
      const { id } = await putting
      assert.deepEqual(store.pendingManifestCommitIds(), [])
      store.markManifestCommitted([id, 'not an id'])
      assert.deepEqual(store.pendingManifestCommitIds(), [])
      assert.notEqual(await store.stat(id), undefined)
    },
  },
})

async function* asyncChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield* chunksOf(bytes, 9999)
}

async function* reusingOneBuffer(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array, void, void> {
  const buffer = new Uint8Array(chunkBytes)
  for (const chunk of chunksOf(bytes, chunkBytes)) {
    buffer.set(chunk)
    yield buffer.subarray(0, chunk.byteLength)
    buffer.fill(0)
  }
}
