import assert from 'node:assert/strict'
import type { StoreCase } from '../../case.ts'
import { isAbsent, isStored, listedIds, sameBytes } from '../../run/expect.ts'
import { independentId, plain, sampleBytes, turn, webStream } from '../../run/samples.ts'
import { allOrNothing } from '../races/looks.ts'
import { settling } from '../races/moments.ts'
import { storeGroup } from '../store-under-test.ts'

export const concurrencyCases: readonly StoreCase[] = storeGroup('concurrency', {
  '100-identical-puts': {
    title: '100 puts of the same bytes at once all succeed and store one blob',
    async run({ store }) {
      for (const length of [1000, 300_000]) {
        const bytes = sampleBytes(length)
        const refs = await Promise.all(
          Array.from({ length: 100 }, (_, index) => store.put(index % 10 === 0 ? webStream(bytes) : bytes, plain)),
        )
        assert.deepEqual([...new Set(refs.map(ref => ref.id))], [independentId(bytes)])
        await isStored(store, independentId(bytes), bytes, 'afterwards')
      }
      assert.equal((await listedIds(store)).length, 2)
    },
  },
  '20-distinct-puts': {
    title: '20 puts of different bytes at once store 20 blobs, each whole',
    async run({ store }) {
      const all = Array.from({ length: 20 }, (_, index) => sampleBytes(1 + index * 60_000, index + 1))
      const refs = await Promise.all(all.map((bytes, index) => store.put(index % 2 ? bytes : webStream(bytes), plain)))
      for (const [index, bytes] of all.entries()) {
        await isStored(store, refs[index]?.id ?? '', bytes, `blob ${index}`)
      }
      assert.equal((await listedIds(store)).length, 20)
    },
  },
  'get-during-put': {
    title: 'during a put, get, stream, stat and list show all of the blob or none of it',
    async run({ store }) {
      for (let round = 0; round < 3; round++) {
        const bytes = sampleBytes(2_000_000, round + 1)
        const putting = settling(store.put(round === 1 ? bytes : webStream(bytes), plain))
        while (!putting.done) {
          await allOrNothing(store, bytes)
          await turn()
        }
        await putting.result
        await isStored(store, independentId(bytes), bytes, 'afterwards')
      }
    },
  },
  'get-during-heal': {
    title: 'while a copy of the wrong length is being replaced, no reader sees wrong bytes',
    requires: ['damage:truncate'],
    async run({ store, putSample, corrupt }) {
      const { id, bytes } = await putSample(2_000_000)
      await corrupt(id, 'truncate')
      const putting = settling(Promise.all(Array.from({ length: 5 }, () => store.put(webStream(bytes), plain))))
      while (!putting.done) {
        const bytesRead = await store.get(id).then(
          stored => stored.bytes,
          () => undefined,
        )
        if (bytesRead !== undefined) sameBytes(bytesRead, bytes, 'meanwhile')
        await turn()
      }
      await putting.result
      await isStored(store, id, bytes, 'afterwards')
    },
  },
  'put-with-delete': {
    title: 'puts and deletes of the same bytes at once never fail, and leave the whole blob or nothing',
    async run({ store }) {
      for (let round = 0; round < 10; round++) {
        const bytes = sampleBytes(round % 2 === 0 ? 2000 : 400_000)
        const id = independentId(bytes)
        await Promise.all([
          store.put(bytes, plain),
          store.delete(id),
          store.put(webStream(bytes), plain),
          allOrNothing(store, bytes),
          store.delete(id),
          allOrNothing(store, bytes),
        ])
        await allOrNothing(store, bytes)
        await store.put(bytes, plain)
        await isStored(store, id, bytes, 'put afterwards')
        await store.delete(id)
        await isAbsent(store, id, 'deleted afterwards')
      }
    },
  },
  'two-instances': {
    title: "two instances over the same data see each other's puts and deletes, and may put the same bytes at once",
    requires: ['reopen'],
    async run({ store, putSample, reopen }) {
      const other = await reopen()
      const { id, bytes } = await putSample(2000)
      await isStored(other, id, bytes, 'put by the first')
      await other.delete(id)
      await isAbsent(store, id, 'deleted by the second')
      for (let seed = 2; seed < 12; seed++) {
        const shared = sampleBytes(seed % 2 === 0 ? 2000 : 500_000, seed)
        await Promise.all([store.put(shared, plain), other.put(webStream(shared), plain), store.put(shared, plain)])
        await isStored(store, independentId(shared), shared, 'by the first')
        await isStored(other, independentId(shared), shared, 'by the second')
      }
      assert.equal((await listedIds(store)).length, 10)
    },
  },
  'two-processes': {
    title: 'processes that put the same bytes at the same time all succeed, and each blob is stored once and whole',
    requires: ['child'],
    async run({ store, putSample, startProcess }) {
      const [first, second] = await Promise.all([startProcess(), startProcess()])
      const samples = Array.from({ length: 8 }, (_, index) => ({
        length: index % 2 === 0 ? 3000 : 700_000,
        seed: index + 1,
      }))
      await Promise.all([
        first.remote.putAll(samples, true),
        second.remote.putAll(samples),
        ...samples.map(({ length, seed }) => putSample(length, seed)),
      ])
      for (const { length, seed } of samples) {
        const bytes = sampleBytes(length, seed)
        await isStored(store, independentId(bytes), bytes, `blob ${seed}`)
      }
      assert.equal((await listedIds(store)).length, samples.length)
    },
  },
})
