import assert from 'node:assert/strict'
import type { StoreCase } from '../../case.ts'
import { provided } from '../../run/context.ts'
import { isAbsent, isStored, listedIds } from '../../run/expect.ts'
import { absentId, collect, independentId, plain, sampleBytes, webStream } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

export const durabilityCases: readonly StoreCase[] = storeGroup('durability', {
  'told-truly': {
    title: 'persistence is "durable" or "crash-safe" as the harness declares, and "ephemeral" when it declares neither',
    async run({ store, has }) {
      const outlives = has('crash-safe') ? 'crash-safe' : 'ephemeral'
      assert.equal(store.persistence, has('durable') ? 'durable' : outlives)
    },
  },
  isolated: {
    title: 'a fresh store is empty, whatever others hold',
    async run({ store, putSample, another }) {
      const other = await another()
      const { id, bytes } = await putSample(100)
      await isAbsent(other.store, id, 'in the other')
      await other.store.delete(id)
      await isStored(store, id, bytes, 'in the first')
    },
  },
  reopened: {
    title: 'puts with their metadata, and deletes, survive closing and reopening the store',
    requires: ['crash-safe', 'reopen'],
    async run({ store, putSample, streamSample, reopen }) {
      const small = sampleBytes(1000)
      const meta = { mediaType: 'image/png', width: 3, height: 4, label: 'naïve – 名.png' }
      const { id } = await store.put(small, meta)
      const large = await streamSample(2_000_000)
      const deleted = await putSample(5)
      await store.delete(deleted.id)
      await store.close()
      const again = await reopen()
      await isStored(again, id, small, 'small')
      await isStored(again, large.id, large.bytes, 'large')
      assert.deepEqual(await again.stat(id), { id, byteLength: 1000, ...meta })
      await isAbsent(again, deleted.id, 'deleted')
      assert.deepEqual(await listedIds(again), [id, large.id].sort())
    },
  },
  'new-process': {
    title: 'a process that starts later reads what this one put, and this one reads what that process put',
    requires: ['crash-safe', 'child'],
    async run({ store, putSample, startProcess }) {
      const { id } = await putSample(200_000)
      const { remote } = await startProcess()
      assert.deepEqual(await remote.hashAll([id, absentId()]), [id, 'not_found'])
      const [there] = await remote.putAll([{ length: 300_000, seed: 2 }])
      await remote.close()
      await isStored(store, there ?? '', sampleBytes(300_000, 2), 'put by the child')
    },
  },
  'killed-after-put': {
    title: 'when a process is killed at any moment, what it had put is there whole, and nothing is there in part',
    requires: ['crash-safe', 'child'],
    async run({ store, startProcess }) {
      const lengths = [500, 40_000, 1_300_000]
      for (let round = 0; round < 3; round++) {
        const firstSeed = 1 + round * 1000
        const child = await startProcess()
        const putting = child.remote.putUntilKilled(firstSeed, lengths)
        const told: string[] = []
        for (let puts = 0; puts < 2 + 4 * round; puts++) told.push(await Promise.race([child.nextEvent(), putting]))
        await child.kill()
        told.push(...(await child.restOfEvents()))
        for (const [turn, id] of told.entries()) {
          const length = lengths[turn % lengths.length] ?? 0
          await isStored(store, id, sampleBytes(length, firstSeed + turn), `put ${turn} before the kill`)
        }
        // The put in flight is there whole, or not at all.
        for (const { id, byteLength } of await collect(store.list())) {
          const stored = await store.get(id)
          assert.equal(independentId(stored.bytes), id)
          assert.equal(byteLength, stored.bytes.byteLength)
        }
      }
    },
  },
  'killed-halfway': {
    title: 'a put whose process is killed halfway leaves nothing visible, and the next put of the same bytes works',
    requires: ['crash-safe', 'child'],
    async run({ store, streamSample, startProcess }) {
      const sample = { length: 4_000_000, seed: 5 }
      const child = await startProcess()
      await child.remote.putHalfway(sample)
      await child.kill()
      await isAbsent(store, independentId(sampleBytes(sample.length, sample.seed)), 'after the kill')
      assert.deepEqual(await listedIds(store), [])
      const { id, bytes } = await streamSample(sample.length, sample.seed)
      await isStored(store, id, bytes, 'put again')
    },
  },
  'stale-staging': {
    title: 'what a killed writer left staged is never listed or read, and does not block a put of the same bytes',
    requires: ['staging'],
    async run({ store, fixture }) {
      for (const length of [1000, 2_000_000]) {
        const bytes = sampleBytes(length)
        const id = independentId(bytes)
        await provided(fixture.staging, 'staging').plant(id, bytes)
        await isAbsent(store, id, 'only staged')
        assert.deepEqual(await listedIds(store), [])
        await store.put(webStream(bytes), plain)
        await isStored(store, id, bytes, 'put beside it')
        assert.deepEqual(await listedIds(store), [id])
        await store.delete(id)
        await isAbsent(store, id, 'deleted again')
      }
    },
  },
})
