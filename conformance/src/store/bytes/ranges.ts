import assert from 'node:assert/strict'
import type { AttachmentStore } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { rejectsWith, sameBytes } from '../../run/expect.ts'
import { MiB, plain, readAll, sampleBytes } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

interface Range {
  start?: number
  end?: number
}

export const rangeCases: readonly StoreCase[] = storeGroup('ranges', {
  'like-slice': {
    title: 'a range returns what slice returns: in the middle, to the end and past it',
    async run({ store, putSample }) {
      const { id, bytes } = await putSample(1000)
      const ranges: Range[] = [
        {},
        { start: 0 },
        { end: 1000 },
        { start: 0, end: 1000 },
        { start: 100, end: 200 },
        { start: 999 },
        { start: 0, end: 1 },
        { end: 1 },
        { start: 990, end: 1010 },
        { start: 10, end: Number.MAX_SAFE_INTEGER },
      ]
      for (const range of ranges) await isSlice(store, id, bytes, range)
    },
  },
  empty: {
    title: 'a range that is empty, starts at or beyond the end, or ends before it starts is an empty stream',
    async run({ store, putSample }) {
      const { id, bytes } = await putSample(1000)
      const ranges: Range[] = [
        { start: 0, end: 0 },
        { end: 0 },
        { start: 500, end: 500 },
        { start: 1000 },
        { start: 1000, end: 1000 },
        { start: 1000, end: 2000 },
        { start: 5000 },
        { start: 5000, end: 6000 },
        { start: Number.MAX_SAFE_INTEGER },
        { start: 600, end: 400 },
      ]
      for (const range of ranges) await isSlice(store, id, bytes, range)
    },
  },
  'of-the-empty-blob': {
    title: 'every range of the empty blob is an empty stream',
    async run({ store }) {
      const bytes = new Uint8Array(0)
      const { id } = await store.put(bytes, plain)
      for (const range of [{}, { start: 0 }, { start: 0, end: 0 }, { end: 10 }, { start: 5 }, { start: 5, end: 10 }]) {
        await isSlice(store, id, bytes, range)
      }
    },
  },
  'across-boundaries': {
    title: 'in a large blob, ranges that begin at, end at or cross a chunk boundary are exact',
    async run({ store, streamSample }) {
      const { id, bytes } = await streamSample(2 * MiB + 777)
      for (const chunk of [32, 64, 128, 256, 512, 1024].map(kib => kib * 1024)) {
        for (const boundary of [chunk, 2 * chunk]) {
          await isSlice(store, id, bytes, { start: boundary - 1, end: boundary + 1 })
          await isSlice(store, id, bytes, { start: boundary, end: boundary + 1 })
          await isSlice(store, id, bytes, { start: boundary - 1, end: boundary })
        }
        await isSlice(store, id, bytes, { start: 3, end: chunk * 2 + 3 })
      }
      await isSlice(store, id, bytes, { start: bytes.byteLength - 778 })
      await isSlice(store, id, bytes, { end: bytes.byteLength - 1 })
    },
  },
  anywhere: {
    title: 'forty ranges anywhere in a blob, several at a time, are exact',
    async run({ store }) {
      const bytes = sampleBytes(400_000)
      const { id } = await store.put(bytes, { mediaType: 'text/plain' })
      const points = new Uint32Array(sampleBytes(80 * 4, 99).buffer)
      const ranges = Array.from({ length: 40 }, (_, index) => {
        const [one = 0, other = 0] = [points[2 * index], points[2 * index + 1]].map(point => (point ?? 0) % 400_001)
        return { start: Math.min(one, other), end: Math.max(one, other) }
      })
      for (let first = 0; first < ranges.length; first += 8) {
        await Promise.all(ranges.slice(first, first + 8).map(range => isSlice(store, id, bytes, range)))
      }
    },
  },
  'bad-bounds': {
    title: 'a bound that is negative, fractional or not a number is an invalid argument',
    async run({ store, putSample }) {
      const { id } = await putSample(1000)
      for (const bad of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', 1n] as number[]) {
        await rejectsWith(store.stream(id, { start: bad }), 'invalid_argument', `start ${String(bad)}`)
        await rejectsWith(store.stream(id, { end: bad }), 'invalid_argument', `end ${String(bad)}`)
      }
    },
  },
})

async function isSlice(store: AttachmentStore, id: string, bytes: Uint8Array, range: Range): Promise<void> {
  const what = `range ${range.start ?? ''}..${range.end ?? ''} of ${bytes.byteLength}`
  const { start = 0, end = bytes.byteLength } = range
  const { meta, body } = await store.stream(id, range)
  assert.equal(meta.byteLength, bytes.byteLength, `${what}: the metadata is of the whole blob`)
  sameBytes(await readAll(body), start < end ? bytes.slice(start, end) : new Uint8Array(0), what)
}
