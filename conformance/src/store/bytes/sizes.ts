import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type AttachmentBody, AttachmentTooLargeError } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { comesBack, isAbsent, listedIds, rejectsWith, sameBytes } from '../../run/expect.ts'
import { collect, independentId, KiB, MiB, plain, readAll, sampleBytes, webStream } from '../../run/samples.ts'
import { type StoreRule, storeGroup } from '../store-under-test.ts'

const limit = 100 * KiB

/** Where buffers, chunks, rows and parts of the backends begin and end. */
const sizes: Record<string, number> = {
  empty: 0,
  'one-byte': 1,
  'just-below-64-kib': 64 * KiB - 1,
  '64-kib': 64 * KiB,
  'just-above-64-kib': 64 * KiB + 1,
  'just-below-1-mib': MiB - 1,
  '1-mib': MiB,
  'just-above-1-mib': MiB + 1,
  'just-below-5-mib': 5 * MiB - 1,
  '5-mib': 5 * MiB,
  'just-above-5-mib': 5 * MiB + 1,
}

/** Bytes of every size come back whole. More than the limit is refused. */
export const sizeCases: readonly StoreCase[] = storeGroup('sizes', {
  ...Object.fromEntries(Object.entries(sizes).map(([name, byteLength]) => [name, ofSize(name, byteLength)])),
  'over-64-mib-streamed': {
    title: 'more than 64 MiB go in and come out as streams, byte for byte',
    async run({ store }) {
      const byteLength = 65 * MiB + 5
      const expected = createHash('sha256')
      async function* source() {
        for (let at = 0; at < byteLength; at += MiB) {
          const bytes = sampleBytes(Math.min(MiB, byteLength - at), at / MiB)
          expected.update(bytes)
          yield bytes
        }
      }
      const ref = await store.put(source(), plain)
      assert.equal(ref.byteLength, byteLength)
      assert.equal(ref.id, expected.digest('hex'))
      const actual = createHash('sha256')
      const { body, meta } = await store.stream(ref.id)
      assert.equal(meta.byteLength, byteLength)
      for await (const chunk of body) actual.update(chunk)
      assert.equal(actual.digest('hex'), ref.id)
      for (const boundary of [4, 8, 16, 32, 64].map(mib => mib * MiB)) {
        const late = await store.stream(ref.id, { start: boundary - 5, end: boundary + 5 })
        const part = boundary / MiB
        const around = Buffer.concat([sampleBytes(MiB, part - 1).subarray(-5), sampleBytes(MiB, part).subarray(0, 5)])
        sameBytes(await readAll(late.body), around, `a range across ${part} MiB`)
      }
      const long = createHash('sha256')
      for await (const chunk of (await store.stream(ref.id, { start: 3 * MiB, end: 21 * MiB })).body) long.update(chunk)
      const same = createHash('sha256')
      for (let part = 3; part < 21; part++) same.update(sampleBytes(MiB, part))
      assert.equal(long.digest('hex'), same.digest('hex'), 'a range of 18 MiB')
      assert.equal((await store.get(ref.id)).bytes.byteLength, byteLength, 'get')
    },
  },
  'the-empty-blob': {
    title: 'the empty blob is a blob as any other: stat, list, get, stream and metadata show it, and a delete takes it',
    async run({ store }) {
      const bytes = new Uint8Array(0)
      const id = independentId(bytes)
      async function* nothing() {
        yield bytes
        yield bytes
      }
      const meta = { mediaType: 'text/plain', label: 'empty', width: 0, height: 0 }
      const bodies: (() => AttachmentBody)[] = [
        () => bytes,
        () => nothing(),
        () => new Blob([]),
        () => webStream(bytes),
      ]
      for (const body of bodies) {
        await isAbsent(store, id, 'before')
        const expected = { id, byteLength: 0, ...meta }
        assert.deepEqual((await store.put(body(), meta)).id, id)
        assert.deepEqual(await store.stat(id), expected, 'stat')
        const got = await store.get(id)
        assert.deepEqual([got.meta, got.bytes.byteLength], [expected, 0], 'get')
        const streamed = await store.stream(id)
        assert.deepEqual([streamed.meta, (await readAll(streamed.body)).byteLength], [expected, 0], 'stream')
        const listed = await collect(store.list())
        assert.deepEqual(
          listed.map(blob => [blob.id, blob.byteLength]),
          [[id, 0]],
        )
        await store.put(body(), meta)
        assert.equal((await listedIds(store)).length, 1, 'put again')
        await store.delete(id)
      }
      await isAbsent(store, id, 'after delete')
    },
  },
  'limit-is-inclusive': {
    title: 'a body of exactly the limit is accepted, in every form',
    requires: ['size-limit'],
    maxByteLength: limit,
    async run({ store }) {
      const bytes = sampleBytes(limit)
      for (const body of [bytes, new Blob([bytes]), webStream(bytes)]) {
        const ref = await comesBack(store, body, bytes, 'at the limit')
        await store.delete(ref.id)
      }
    },
  },
  'over-the-limit': {
    title: 'a body over the limit fails with a too-large error that names the limit, and nothing is stored',
    requires: ['size-limit'],
    maxByteLength: limit,
    async run({ store }) {
      const bytes = sampleBytes(limit + 1)
      for (const body of [bytes, bytes.slice().buffer, new Blob([bytes]), webStream(bytes)]) {
        const what = Object.prototype.toString.call(body)
        const error = await rejectsWith(store.put(body, plain), 'too_large', what)
        assert.ok(AttachmentTooLargeError.isInstance(error))
        assert.equal(error.maxByteLength, limit, what)
      }
      await isAbsent(store, independentId(bytes), 'after refusals')
      assert.deepEqual(await listedIds(store), [])
    },
  },
  'endless-source': {
    title: 'a source that never ends is stopped at the limit and cancelled',
    requires: ['size-limit'],
    maxByteLength: limit,
    async run({ store }) {
      let given = 0
      const told = Promise.withResolvers<void>()
      const endless = new ReadableStream<Uint8Array>({
        pull(controller) {
          given += 8 * KiB
          controller.enqueue(new Uint8Array(8 * KiB))
        },
        cancel() {
          told.resolve()
        },
      })
      await rejectsWith(store.put(endless, plain), 'too_large', 'an endless source')
      await told.promise
      assert.ok(given <= limit + 64 * KiB, `${given} bytes were read where ${limit} are the limit`)
      assert.deepEqual(await listedIds(store), [])
    },
  },
})

/** Puts so many bytes as an array and as a stream, and reads them whole and streamed. */
function ofSize(name: string, byteLength: number): StoreRule {
  return {
    title: `${byteLength} bytes come back, from an array and from a stream`,
    async run({ store }) {
      const bytes = sampleBytes(byteLength, 7)
      for (const body of [bytes, webStream(bytes)]) {
        const { id } = await comesBack(store, body, bytes, name)
        const { body: streamed } = await store.stream(id)
        sameBytes(await readAll(streamed), bytes, 'stream')
        const [listed] = await listedIds(store)
        assert.equal(listed, id)
        await store.delete(id)
      }
    },
  }
}
