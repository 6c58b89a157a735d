import assert from 'node:assert/strict'
import type { AttachmentStore } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { isAbsent, isStored, rejectsWith } from '../../run/expect.ts'
import { absentId, collect, plain, sampleBytes } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

/** Copies of the same bytes under different generations live and die apart. */
export const generationCases: readonly StoreCase[] = storeGroup('generations', {
  apart: {
    title: 'each generation is a separate copy: listed, read and deleted apart from the others',
    requires: ['generations'],
    async run({ store, putSample }) {
      const { id, bytes } = await putSample(1000)
      for (const generation of [1, 2, 10, 11]) {
        const ref = await store.put(bytes, plain, { generation })
        assert.deepEqual({ ...ref }, { id, byteLength: 1000, ...plain, generation })
      }
      assert.deepEqual(await generationsOf(store, id), [0, 1, 2, 10, 11])
      await store.delete(id, { generation: 1 })
      assert.deepEqual(await generationsOf(store, id), [0, 2, 10, 11])
      await rejectsWith(store.get(id, { generation: 1 }), 'not_found', 'get of the deleted one')
      await rejectsWith(store.stream(id, { generation: 1 }), 'not_found', 'stream of the deleted one')
      assert.equal(await store.stat(id, { generation: 1 }), undefined)
      for (const generation of [0, 2, 10, 11]) {
        assert.deepEqual(Buffer.from((await store.get(id, { generation })).bytes), Buffer.from(bytes))
      }
      await store.delete(id, { generation: 0 })
      assert.deepEqual(await generationsOf(store, id), [2, 10, 11])
    },
  },
  'any-copy-will-do': {
    title: 'without a generation, get, stream and stat find whatever copy is there',
    requires: ['generations'],
    async run({ store }) {
      const bytes = sampleBytes(1000)
      const { id } = await store.put(bytes, plain, { generation: 7 })
      await isStored(store, id, bytes, 'generation 7 alone')
      const { body } = await store.stream(id, { start: 1, end: 3 })
      const [chunk] = await collect(body)
      assert.deepEqual(Buffer.from(chunk ?? []), Buffer.from(bytes.subarray(1, 3)))
      assert.deepEqual(await store.stat(id), { id, byteLength: 1000, ...plain })
      await rejectsWith(store.get(id, { generation: 0 }), 'not_found', 'generation 0 exactly')
      await rejectsWith(store.get(id, { generation: 8 }), 'not_found', 'generation 8 exactly')
    },
  },
  'delete-every-copy': {
    title: 'delete without a generation deletes every copy of this id, and no other id',
    requires: ['generations'],
    async run({ store }) {
      const bytes = sampleBytes(1000)
      const other = await store.put(sampleBytes(1000, 2), plain, { generation: 3 })
      const { id } = await store.put(bytes, plain, { generation: 1 })
      await store.put(bytes, plain, { generation: 12 })
      await store.put(bytes, plain)
      await store.delete(id)
      await isAbsent(store, id, 'after delete')
      for (const generation of [0, 1, 12]) assert.equal(await store.stat(id, { generation }), undefined)
      assert.deepEqual(await generationsOf(store, other.id), [3])
    },
  },
  'delete-of-a-missing-copy': {
    title: 'deleting a generation that is not there harms no other',
    requires: ['generations'],
    async run({ store }) {
      const bytes = sampleBytes(1000)
      const { id } = await store.put(bytes, plain, { generation: 1 })
      await store.delete(id, { generation: 0 })
      await store.delete(id, { generation: 11 })
      await store.delete(absentId(), { generation: 1 })
      assert.deepEqual(await generationsOf(store, id), [1])
      await isStored(store, id, bytes, 'generation 1')
    },
  },
  'put-again': {
    title: 'a copy that exists can be put again, and one that was deleted can be restored',
    requires: ['generations'],
    async run({ store }) {
      const bytes = sampleBytes(1000)
      const { id } = await store.put(bytes, plain, { generation: 4 })
      await store.put(bytes, { mediaType: 'text/plain' }, { generation: 4 })
      assert.deepEqual(await generationsOf(store, id), [4])
      await store.delete(id, { generation: 4 })
      await store.put(bytes, plain, { generation: 4 })
      await isStored(store, id, bytes, 'put again')
    },
  },
  largest: {
    title: 'the largest generation, 2^52, works like any other',
    requires: ['generations'],
    async run({ store }) {
      const generation = 2 ** 52
      const bytes = sampleBytes(1000)
      const ref = await store.put(bytes, plain, { generation })
      assert.equal(ref.generation, generation)
      assert.deepEqual(await generationsOf(store, ref.id), [generation])
      await isStored(store, ref.id, bytes, 'without saying which')
      await store.delete(ref.id, { generation })
      await isAbsent(store, ref.id, 'after delete')
    },
  },
  'bad-generation': {
    title: 'a generation that is not a whole number from 0 to 2^52 is an invalid argument, and nothing changes',
    requires: ['generations'],
    async run({ store, putSample }) {
      const { id, bytes } = await putSample(1000)
      const bad = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 52 + 1, 2 ** 53 - 1, 2 ** 53, '1', 1n, {}]
      for (const generation of bad as number[]) {
        const what = `generation ${String(generation)}`
        await rejectsWith(store.put(bytes, plain, { generation }), 'invalid_argument', `put, ${what}`)
        await rejectsWith(store.get(id, { generation }), 'invalid_argument', `get, ${what}`)
        await rejectsWith(store.stream(id, { generation }), 'invalid_argument', `stream, ${what}`)
        await rejectsWith(store.stat(id, { generation }), 'invalid_argument', `stat, ${what}`)
        await rejectsWith(store.delete(id, { generation }), 'invalid_argument', `delete, ${what}`)
      }
      assert.deepEqual(await generationsOf(store, id), [0])
    },
  },
})

async function generationsOf(store: AttachmentStore, id: string): Promise<number[]> {
  const listed = await collect(store.list({ prefix: id }))
  return listed.map(blob => blob.generation).sort((one, other) => one - other)
}
