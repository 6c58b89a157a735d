import assert from 'node:assert/strict'
import type { AttachmentCreateMeta, AttachmentStore } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import type { Damage } from '../../harness.ts'
import { isAbsent, isStored, rejectsWith, sameBytes } from '../../run/expect.ts'
import { absentId, collect, independentId, plain, sampleBytes } from '../../run/samples.ts'
import { type StoreUnderTest, storeGroup } from '../store-under-test.ts'

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
  exact: {
    title: 'generations that differ in their last digit only, of any size, are different copies, listed as they are',
    requires: ['generations'],
    async run({ store }) {
      const bytes = sampleBytes(30)
      const id = independentId(bytes)
      const generations = [0, 1, 9, 10, 11, 99, 100, 2 ** 16, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 2 ** 32 + 1]
      generations.push(10 ** 10, 2 ** 51 - 1, 2 ** 51, 2 ** 52 - 2, 2 ** 52 - 1)
      await Promise.all(generations.map(generation => store.put(bytes, plain, { generation })))
      assert.deepEqual(await generationsOf(store, id), generations)
      for (const generation of generations) {
        await store.delete(id, { generation })
        assert.equal(await store.stat(id, { generation }), undefined, `generation ${generation} is still there`)
        const left = generations.filter(other => other > generation)
        assert.deepEqual(await generationsOf(store, id), left, `when generation ${generation} is deleted`)
      }
    },
  },
  'metadata-apart': {
    title: 'each copy has the metadata that it was put with, and keeps it when other copies come and go',
    requires: ['generations', 'metadata-of-first-put'],
    async run({ store }) {
      const metas: Record<number, AttachmentCreateMeta> = {
        0: { mediaType: 'text/plain', label: 'zero' },
        1: { mediaType: 'image/png', width: 1, height: 2 },
        12: { mediaType: 'text/csv' },
      }
      for (const bytes of [sampleBytes(1000), new Uint8Array(0), sampleBytes(300_000)]) {
        const id = independentId(bytes)
        for (const [generation, meta] of Object.entries(metas)) {
          await store.put(bytes, meta, { generation: Number(generation) })
        }
        let left = Object.entries(metas)
        while (left.length > 0) {
          for (const [generation, meta] of left) {
            const expected = { id, byteLength: bytes.byteLength, ...meta }
            const options = { generation: Number(generation) }
            assert.deepEqual(await store.stat(id, options), expected, `stat of generation ${generation}`)
            const got = await store.get(id, options)
            assert.deepEqual(got.meta, expected, `get of generation ${generation}`)
            sameBytes(got.bytes, bytes, `get of generation ${generation}`)
          }
          const [[generation]] = left as [[string, AttachmentCreateMeta]]
          await store.delete(id, { generation: Number(generation) })
          left = left.slice(1)
        }
        await isAbsent(store, id, 'when every copy is deleted')
      }
    },
  },
  heals: {
    title: 'put replaces a damaged copy of a generation over 0, of bytes or metadata, and touches no other copy',
    requires: ['generations', 'damage:truncate'],
    async run(tested) {
      const damages = (['truncate', 'empty', 'drop-metadata', 'damage-metadata'] as const).filter(damage =>
        tested.has(`damage:${damage}`),
      )
      for (const damage of damages) {
        for (const length of damage.endsWith('metadata') ? [0, 1000] : [1000, 300_000]) {
          await healsALaterCopy(tested, damage, sampleBytes(length, 3))
        }
      }
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

async function healsALaterCopy(
  { store, corrupt }: StoreUnderTest,
  damage: Damage,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const what = `${bytes.byteLength} bytes (${damage})`
  const id = independentId(bytes)
  for (const generation of [0, 5]) await store.put(bytes, { ...plain, label: 'old' }, { generation })
  await corrupt(id, damage, 5)
  const isOfMetadata = damage.endsWith('metadata')
  const codes = isOfMetadata ? (['missing_meta', 'metadata_decode'] as const) : (['corrupt'] as const)
  await rejectsWith(store.get(id, { generation: 5 }), codes, `${what}, damaged`)
  await isStored(store, id, bytes, `generation 0 of ${what}`)
  await store.put(bytes, { ...plain, label: 'new' }, { generation: 5 })
  sameBytes((await store.get(id, { generation: 5 })).bytes, bytes, `${what}, healed`)
  if (isOfMetadata) assert.equal((await store.stat(id, { generation: 5 }))?.label, 'new')
  assert.equal((await store.stat(id, { generation: 0 }))?.label, 'old')
  assert.deepEqual(await generationsOf(store, id), [0, 5])
  await store.delete(id)
}

async function generationsOf(store: AttachmentStore, id: string): Promise<number[]> {
  const listed = await collect(store.list({ prefix: id }))
  return listed.map(blob => blob.generation).sort((one, other) => one - other)
}
