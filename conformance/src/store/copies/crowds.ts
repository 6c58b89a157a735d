import assert from 'node:assert/strict'
import type { StoreCase } from '../../case.ts'
import { listedIds, sameBytes } from '../../run/expect.ts'
import { absentId, collect, independentId, plain, readAll, sampleBytes, webStream } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

/** As many calls at once, and as many copies in one call, as the contract allows: more than a queue or pool holds. */
export const crowdCases: readonly StoreCase[] = storeGroup('crowds', {
  puts: {
    title: '150 puts of different bytes at once are all stored, also where they wait for each other',
    async run({ store }) {
      const all = Array.from({ length: 150 }, (_, seed) => sampleBytes(seed % 30 === 0 ? 70_000 : 30 + seed, seed))
      const refs = await Promise.all(
        all.map((bytes, index) => store.put(index % 10 === 0 ? webStream(bytes) : bytes, plain)),
      )
      const ids = all.map(independentId)
      assert.deepEqual(
        refs.map(ref => ref.id),
        ids,
      )
      assert.deepEqual(await listedIds(store), ids.sort())
      const stats = await Promise.all(refs.map(ref => store.stat(ref.id)))
      assert.deepEqual(
        stats.map(meta => meta?.byteLength),
        all.map(bytes => bytes.byteLength),
      )
    },
  },
  reads: {
    title:
      '40 gets, and 40 streams that are opened before any is read, all give their bytes, and calls beside them work',
    async run({ store, putSample }) {
      const small = await putSample(500, 1)
      const large = await putSample(300_000, 2)
      const samples = Array.from({ length: 40 }, (_, index) => (index % 4 === 0 ? large : small))
      const got = await Promise.all(samples.map(({ id }) => store.get(id)))
      for (const [index, { bytes }] of samples.entries()) sameBytes(got[index]?.bytes ?? bytes, bytes, `get ${index}`)
      const streams = await Promise.all(samples.map(({ id }) => store.stream(id)))
      const beside = await putSample(400, 3)
      assert.equal((await store.stat(beside.id))?.byteLength, 400, 'stat beside open streams')
      const read = await Promise.all(streams.map(({ body }) => readAll(body)))
      for (const [index, { bytes }] of samples.entries()) sameBytes(read[index] ?? bytes, bytes, `stream ${index}`)
    },
  },
  deletes: {
    title: 'of 2,100 copies that are deleted in one turn, each one that is there goes, wherever it stands among them',
    requires: ['generations'],
    async run({ store }) {
      // Around where a request, a statement or a batch of the contract's 1,000 ends.
      const there = [0, 1, 99, 100, 127, 128, 255, 256, 499, 500, 511, 512, 900, 998, 999, 1000, 1001, 1999, 2000, 2099]
      const bytes = sampleBytes(40, 1)
      const kept = await store.put(sampleBytes(40, 2), plain)
      const { id } = await store.put(bytes, plain, { generation: 3000 })
      await Promise.all(there.map(generation => store.put(bytes, plain, { generation })))
      const deletes = Array.from({ length: 2100 }, (_, generation) => {
        const isThere = there.includes(generation)
        return store.delete(isThere ? id : absentId(generation % 7), { generation })
      })
      await Promise.all(deletes)
      const left = await collect(store.list())
      assert.deepEqual(left.map(blob => `${blob.id} ${blob.generation}`).sort(), [`${id} 3000`, `${kept.id} 0`].sort())
    },
  },
  'copies-of-one': {
    title: 'of 130 copies of one id each is listed exactly once, and a delete of the id deletes all of them',
    requires: ['generations'],
    async run({ store }) {
      const bytes = sampleBytes(20, 1)
      const generations = Array.from({ length: 130 }, (_, index) => index * 3)
      const id = independentId(bytes)
      await Promise.all(generations.map(generation => store.put(bytes, plain, { generation })))
      const listed = await collect(store.list({ prefix: id }))
      assert.deepEqual(
        listed.map(blob => blob.generation).sort((one, other) => one - other),
        generations,
      )
      await store.delete(id)
      assert.deepEqual(await collect(store.list()), [], 'copies are left')
    },
  },
})
