import assert from 'node:assert/strict'
import type { StoreCase } from '../../case.ts'
import { isStored, listedIds } from '../../run/expect.ts'
import { plain, sampleBytes, webStream } from '../../run/samples.ts'
import { type StoreRule, storeGroup } from '../store-under-test.ts'

/** The same bytes are stored once. A copy that is not whole does not count as stored. */
export const dedupCases: readonly StoreCase[] = storeGroup('dedup', {
  'one-blob': {
    title: 'the same bytes put again, in any form and with any metadata, are still one blob',
    async run({ store }) {
      const bytes = sampleBytes(50_000)
      const first = await store.put(bytes, plain)
      const second = await store.put(new Blob([bytes]), { mediaType: 'image/png', label: 'other' })
      const third = await store.put(webStream(bytes), { mediaType: 'text/plain' })
      assert.deepEqual([second.id, third.id], [first.id, first.id])
      assert.deepEqual(await listedIds(store), [first.id])
      await isStored(store, first.id, bytes, 'after three puts')
    },
  },
  'ref-has-metadata-of-its-call': {
    title: 'the ref of a repeated put has the metadata of that call',
    async run({ store }) {
      const bytes = sampleBytes(100)
      await store.put(bytes, { mediaType: 'text/plain', label: 'first' })
      const ref = await store.put(bytes, { mediaType: 'text/csv', width: 1 })
      assert.deepEqual({ ...ref }, { id: ref.id, byteLength: 100, mediaType: 'text/csv', width: 1 })
    },
  },
  'metadata-of-first-put-stays': {
    title: 'the store keeps the metadata of the first put',
    requires: ['metadata-of-first-put'],
    async run({ store }) {
      const bytes = sampleBytes(100)
      const { id } = await store.put(bytes, { mediaType: 'text/plain', label: 'first' })
      await store.put(bytes, { mediaType: 'text/csv', width: 1 })
      const first = { id, byteLength: 100, mediaType: 'text/plain', label: 'first' }
      assert.deepEqual((await store.get(id)).meta, first)
      assert.deepEqual(await store.stat(id), first)
    },
  },
  'delete-forgets-metadata': {
    title: 'after a delete, the store keeps the metadata of the next put',
    async run({ store }) {
      const bytes = sampleBytes(100)
      const { id } = await store.put(bytes, { mediaType: 'text/plain', label: 'first', width: 3 })
      await store.delete(id)
      await store.put(bytes, { mediaType: 'text/csv' })
      assert.deepEqual(await store.stat(id), { id, byteLength: 100, mediaType: 'text/csv' })
    },
  },
  'same-length': {
    title: 'different bytes of the same length, and with the same beginning and end, are different blobs',
    async run({ store }) {
      const one = sampleBytes(300_000)
      const other = one.slice()
      other[150_000] = (other[150_000] ?? 0) ^ 1
      const [first, second] = [await store.put(one, plain), await store.put(other, plain)]
      assert.notEqual(first.id, second.id)
      await isStored(store, first.id, one, 'the first')
      await isStored(store, second.id, other, 'the second')
    },
  },
  ...Object.fromEntries(
    (['truncate', 'extend', 'empty'] as const).map(damage => [`heals-${damage}`, healsBytes(damage)]),
  ),
  ...Object.fromEntries(
    (['drop-metadata', 'damage-metadata'] as const).map(damage => [`heals-${damage}`, healsMetadata(damage)]),
  ),
})

function healsBytes(damage: 'truncate' | 'extend' | 'empty'): StoreRule {
  return {
    title: `put replaces a copy of the wrong length (${damage})`,
    requires: [`damage:${damage}`],
    async run({ store, putSample, streamSample, corrupt }) {
      for (const length of [1000, 2_500_000]) {
        const { id, bytes } = await putSample(length)
        await corrupt(id, damage)
        const again = await (length === 1000 ? putSample : streamSample)(length)
        assert.equal(again.id, id)
        await isStored(store, id, bytes, `${length} bytes, healed`)
        assert.deepEqual(await listedIds(store), [id])
        await store.delete(id)
      }
    },
  }
}

function healsMetadata(damage: 'drop-metadata' | 'damage-metadata'): StoreRule {
  return {
    title: `put replaces a copy whose metadata is missing or unreadable (${damage})`,
    requires: [`damage:${damage}`],
    async run({ store, corrupt }) {
      const bytes = sampleBytes(1000)
      const { id } = await store.put(bytes, { ...plain, label: 'lost' })
      await corrupt(id, damage)
      await store.put(bytes, { mediaType: 'text/plain', label: 'new' })
      await isStored(store, id, bytes, 'healed')
      assert.deepEqual(await store.stat(id), { id, byteLength: 1000, mediaType: 'text/plain', label: 'new' })
      assert.deepEqual(await listedIds(store), [id])
    },
  }
}
