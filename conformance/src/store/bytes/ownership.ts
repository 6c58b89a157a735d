import assert from 'node:assert/strict'
import type { AttachmentBody, AttachmentContent, AttachmentRef, AttachmentStore } from '@lash/attachments-core'
import { copyStore } from '@lash/attachments-core/maintenance'
import type { StoreCase } from '../../case.ts'
import { hasCode, isStored, rejectsWith, sameBytes } from '../../run/expect.ts'
import { chunksOf, independentId, MiB, plain, sampleBytes, turn, webStream } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

/** Bytes that backends keep in different ways: in a row, in chunks, compressed, in a file. */
const kinds: readonly (readonly [mediaType: string, bytes: Uint8Array])[] = [
  ['application/octet-stream', sampleBytes(1)],
  ['application/octet-stream', sampleBytes(1000)],
  ['application/octet-stream', sampleBytes(5000)],
  ['application/octet-stream', sampleBytes(300_000)],
  ['application/octet-stream', sampleBytes(3 * MiB + 17)],
  ['text/plain', new Uint8Array(1500).fill(0x61)],
  ['text/plain', new Uint8Array(40_000).fill(0x62)],
  ['text/plain', new Uint8Array(2 * MiB).fill(0x63)],
]

/** Who owns the memory of the bytes. */
export const ownershipCases: readonly StoreCase[] = storeGroup('ownership', {
  get: {
    title: 'get returns an array that fills its buffer; overwriting or transferring it does not harm what is stored',
    async run({ store }) {
      for (const [mediaType, bytes] of kinds) {
        const { id } = await store.put(bytes, { mediaType })
        for (let time = 0; time < 3; time++) spend((await store.get(id)).bytes, `get of ${bytes.byteLength} bytes`)
        await isStored(store, id, bytes, `${bytes.byteLength} bytes of ${mediaType}`)
      }
    },
  },
  stream: {
    title: 'each chunk of a stream fills its buffer; overwriting or transferring it does not harm what is stored',
    async run({ store }) {
      for (const [mediaType, bytes] of kinds) {
        const { id } = await store.put(bytes, { mediaType })
        const { byteLength } = bytes
        for (const range of [{}, { start: 1 }, { start: byteLength >> 2, end: byteLength >> 1 }]) {
          const { body } = await store.stream(id, range)
          for await (const chunk of body) spend(chunk, `a chunk of ${byteLength} bytes`)
        }
        await isStored(store, id, bytes, `${byteLength} bytes of ${mediaType}`)
      }
    },
  },
  prepare: {
    title:
      'prepared content shows bytes that fill their buffer; changing them changes neither the content nor the store',
    async run({ store }) {
      for (const [, bytes] of kinds) {
        const what = `${bytes.byteLength} bytes prepared`
        for (const body of [bytes, webStream(bytes), new Blob([bytes.slice()])]) {
          const content: AttachmentContent = await store.prepare(body)
          content.bytes?.fill(1)
          for await (const chunk of content.stream()) spend(chunk, `a chunk of ${what}`)
          const { id } = await store.put(content, plain)
          assert.equal(id, independentId(bytes), what)
          await isStored(store, id, bytes, `${what} and put`)
          content.bytes?.fill(2)
          if (content.bytes !== undefined) spend(content.bytes, what)
          await content[Symbol.asyncDispose]()
          await isStored(store, id, bytes, `${what}, put, and changed`)
          await store.delete(id)
        }
      }
    },
  },
  'freed-by-a-copy': {
    title: 'what copyStore has put is right after it has freed the bytes, as a driver with returnsBytes lets it',
    async run({ store }) {
      for (const [mediaType, bytes] of kinds) {
        const { id } = await store.put(bytes, { mediaType })
        const { failures } = await copyStore(atGeneration(store, 3), store, { prefix: id })
        assert.deepEqual(failures, [], `${bytes.byteLength} bytes of ${mediaType}`)
        sameBytes((await store.get(id, { generation: 3 })).bytes, bytes, `${bytes.byteLength} bytes of ${mediaType}`)
      }
    },
  },
  'chunk-copied-late': {
    title: 'when a source goes on writing into its chunks, what is stored still matches its id',
    async run({ store }) {
      for (const length of [10_000, 3 * MiB]) {
        for (const share of [false, true]) {
          const bytes = sampleBytes(length, share ? 2 : 1)
          const source = restlessSource(bytes, share)
          const putting = store.put(source.chunks(), plain)
          const ref = share ? await unlessRefused(putting) : await putting
          source.rest()
          if (ref !== undefined) {
            const { bytes: stored } = await store.get(ref.id)
            assert.equal(independentId(stored), ref.id, `${length} bytes are not those of their id`)
          }
          const { id } = await store.put(bytes, plain)
          await isStored(store, id, bytes, 'the same bytes, put by somebody else')
        }
      }
    },
  },
  'shared-memory': {
    title: 'put of shared or growable memory stores the bytes at the time of the call, or is refused',
    async run({ store }) {
      for (const length of [100, 100_000]) {
        const bytes = sampleBytes(length)
        const bodies = [
          viewOf(new SharedArrayBuffer(length), bytes),
          viewOf(new SharedArrayBuffer(length, { maxByteLength: 2 * length }), bytes),
          viewOf(new ArrayBuffer(length, { maxByteLength: 2 * length }), bytes),
          viewOf(new ArrayBuffer(length, { maxByteLength: 2 * length }), bytes).buffer as ArrayBuffer,
        ]
        for (const body of bodies) {
          const putting = store.put(body as AttachmentBody, plain)
          new Uint8Array(ArrayBuffer.isView(body) ? body.buffer : body).fill(0)
          const ref = await unlessRefused(putting)
          if (ref === undefined) continue
          assert.equal(ref.id, independentId(bytes))
          await isStored(store, ref.id, bytes, Object.prototype.toString.call(body))
          await store.delete(ref.id)
        }
      }
    },
  },
  'memory-that-is-gone': {
    title: 'an array or chunk whose memory is detached or out of bounds is an invalid argument, not the empty blob',
    async run({ store }) {
      const gone = () => {
        const detached = sampleBytes(8)
        structuredClone(detached, { transfer: [detached.buffer] })
        const resizable = new ArrayBuffer(8, { maxByteLength: 8 })
        const outOfBounds = new Uint8Array(resizable, 4, 4)
        resizable.resize(2)
        return { detached, outOfBounds }
      }
      for (const [name, bytes] of Object.entries(gone())) {
        async function* source() {
          yield sampleBytes(10)
          yield bytes
        }
        await rejectsWith(store.put(bytes, plain), 'invalid_argument', `${name} array`)
        await rejectsWith(store.prepare(bytes), 'invalid_argument', `${name} array, prepared`)
        await rejectsWith(store.put(source(), plain), 'invalid_argument', `${name} chunk`)
      }
      assert.equal(await store.stat(independentId(new Uint8Array(0))), undefined, 'the empty blob was stored')
    },
  },
})

/** The copies of generation 0 as if they were of another one. */
function atGeneration(store: AttachmentStore, generation: number): AttachmentStore {
  const first = { generation: 0 }
  const moved: Pick<AttachmentStore, 'list' | 'get' | 'stream'> = {
    async *list(options) {
      for await (const copy of store.list(options)) if (copy.generation === 0) yield { ...copy, generation }
    },
    get: (id, options) => store.get(id, { ...options, ...first }),
    stream: (id, options) => store.stream(id, { ...options, ...first }),
  }
  return Object.assign(Object.create(store) as AttachmentStore, moved)
}

/** What a put of shared memory gives, or undefined when it is refused. */
function unlessRefused(putting: Promise<AttachmentRef>): Promise<AttachmentRef | undefined> {
  return putting.catch(error => {
    hasCode(error, 'invalid_argument', 'put of shared memory')
    return undefined
  })
}

/** Fails unless the bytes are all of their memory. Then overwrites and transfers it. */
function spend(bytes: Uint8Array, what: string): void {
  const { buffer, byteLength } = bytes
  assert.equal(buffer.byteLength, byteLength, `${what}: it is a window on memory of others`)
  new Uint8Array(buffer).fill(0xee)
  structuredClone(bytes, { transfer: [buffer as ArrayBuffer] })
  assert.equal(bytes.byteLength, 0, `${what}: it cannot be transferred`)
}

function viewOf(memory: ArrayBuffer | SharedArrayBuffer, bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(memory)
  view.set(bytes)
  return view
}

/** A source that goes on writing into each chunk after it has given it. */
function restlessSource(bytes: Uint8Array, share: boolean) {
  let resting = false
  const scribble = async (chunk: Uint8Array) => {
    for (let time = 1; time < 60 && !resting; time++) {
      await (time % 10 === 0 ? turn() : undefined)
      chunk.fill(time)
    }
  }
  return {
    rest() {
      resting = true
    },
    async *chunks(): AsyncGenerator<Uint8Array, void, void> {
      for (const chunk of chunksOf(bytes, 700_000)) {
        const given = share ? viewOf(new SharedArrayBuffer(chunk.byteLength), chunk) : chunk
        void scribble(given)
        yield given
      }
    },
  }
}
