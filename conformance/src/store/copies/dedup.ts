import assert from 'node:assert/strict'
import { caseGroup, type StoreCase } from '../../case.ts'
import { provided } from '../../run/context.ts'
import { isStored, listedIds } from '../../run/expect.ts'
import { sampleBytes, webStream } from '../../run/samples.ts'

const plain = { mediaType: 'application/octet-stream' }

/** The same bytes are stored once; a copy that is not whole is no reason not to write. */
export const dedupCases: readonly StoreCase[] = caseGroup('store', 'dedup', [
  {
    name: 'one-blob',
    title: 'the same bytes put again, in any form and with any metadata, are one blob',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(50_000)
      const first = await store.put(bytes, plain)
      const second = await store.put(new Blob([bytes]), { mediaType: 'image/png', label: 'other' })
      const third = await store.put(webStream(bytes), { mediaType: 'text/plain' })
      assert.deepEqual([second.id, third.id], [first.id, first.id])
      assert.deepEqual(await listedIds(store), [first.id])
      await isStored(store, first.id, bytes, 'after three puts')
    },
  },
  {
    name: 'ref-has-metadata-of-its-call',
    title: 'the ref of a repeated put has the metadata of that call',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(100)
      await store.put(bytes, { mediaType: 'text/plain', label: 'first' })
      const ref = await store.put(bytes, { mediaType: 'text/csv', width: 1 })
      assert.deepEqual({ ...ref }, { id: ref.id, byteLength: 100, mediaType: 'text/csv', width: 1 })
    },
  },
  {
    name: 'metadata-of-first-put-stays',
    title: 'the store keeps the metadata of the first put',
    requires: ['metadata-of-first-put'],
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(100)
      const { id } = await store.put(bytes, { mediaType: 'text/plain', label: 'first' })
      await store.put(bytes, { mediaType: 'text/csv', width: 1 })
      const first = { id, byteLength: 100, mediaType: 'text/plain', label: 'first' }
      assert.deepEqual((await store.get(id)).meta, first)
      assert.deepEqual(await store.stat(id), first)
    },
  },
  {
    name: 'delete-forgets-metadata',
    title: 'after a delete, the next put is the first again, and its metadata is kept',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(100)
      const { id } = await store.put(bytes, { mediaType: 'text/plain', label: 'first', width: 3 })
      await store.delete(id)
      await store.put(bytes, { mediaType: 'text/csv' })
      assert.deepEqual(await store.stat(id), { id, byteLength: 100, mediaType: 'text/csv' })
    },
  },
  {
    name: 'same-length',
    title: 'different bytes of the same length, and with the same beginning and end, are different blobs',
    async run(context) {
      const { store } = await context.create()
      const one = sampleBytes(300_000)
      const other = one.slice()
      other[150_000] = (other[150_000] ?? 0) ^ 1
      const [first, second] = [await store.put(one, plain), await store.put(other, plain)]
      assert.notEqual(first.id, second.id)
      await isStored(store, first.id, one, 'the first')
      await isStored(store, second.id, other, 'the second')
    },
  },
  ...(['truncate', 'extend', 'empty'] as const).map(damage => ({
    name: `heals-${damage}`,
    title: `put replaces a copy of the wrong length (${damage})`,
    requires: [`damage:${damage}`] as const,
    async run(context: Parameters<StoreCase['run']>[0]) {
      for (const length of [1000, 2_500_000]) {
        const fixture = await context.create()
        const bytes = sampleBytes(length)
        const { id } = await fixture.store.put(bytes, plain)
        await provided(fixture.corrupt, 'corrupt').call(fixture, id, damage)
        const ref = await fixture.store.put(length === 1000 ? bytes : webStream(bytes), plain)
        assert.equal(ref.id, id)
        await isStored(fixture.store, id, bytes, `${length} bytes, healed`)
        assert.deepEqual(await listedIds(fixture.store), [id])
      }
    },
  })),
  ...(['drop-metadata', 'damage-metadata'] as const).map(damage => ({
    name: `heals-${damage}`,
    title: `put replaces a copy whose metadata is missing or unreadable (${damage})`,
    requires: [`damage:${damage}`] as const,
    async run(context: Parameters<StoreCase['run']>[0]) {
      const fixture = await context.create()
      const bytes = sampleBytes(1000)
      const { id } = await fixture.store.put(bytes, { ...plain, label: 'lost' })
      await provided(fixture.corrupt, 'corrupt').call(fixture, id, damage)
      await fixture.store.put(bytes, { mediaType: 'text/plain', label: 'new' })
      await isStored(fixture.store, id, bytes, 'healed')
      const expected = { id, byteLength: 1000, mediaType: 'text/plain', label: 'new' }
      assert.deepEqual(await fixture.store.stat(id), expected)
      assert.deepEqual(await listedIds(fixture.store), [id])
    },
  })),
])
