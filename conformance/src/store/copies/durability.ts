import assert from 'node:assert/strict'
import { caseGroup, type StoreCase } from '../../case.ts'
import { StoreProcess } from '../../child/store-process.ts'
import { provided } from '../../run/context.ts'
import { isAbsent, isStored, listedIds } from '../../run/expect.ts'
import { absentId, collect, independentId, sampleBytes, webStream } from '../../run/samples.ts'

const plain = { mediaType: 'application/octet-stream' }

export const durabilityCases: readonly StoreCase[] = caseGroup('store', 'durability', [
  {
    name: 'told-truly',
    title: 'persistence says durable when bytes survive the process, and ephemeral when they do not',
    async run(context) {
      const { store } = await context.create()
      assert.equal(store.persistence, context.has('durable') ? 'durable' : 'ephemeral')
    },
  },
  {
    name: 'isolated',
    title: 'a fresh store is empty, whatever others hold',
    async run(context) {
      const [first, second] = [await context.create(), await context.create()]
      const bytes = sampleBytes(100)
      const { id } = await first.store.put(bytes, plain)
      await isAbsent(second.store, id, 'in the other')
      await second.store.delete(id)
      await isStored(first.store, id, bytes, 'in the first')
    },
  },
  {
    name: 'reopened',
    title: 'what was put, with its metadata, and what was deleted, is so after the store is closed and opened again',
    requires: ['durable', 'reopen'],
    async run(context) {
      const fixture = await context.create()
      const [small, large] = [sampleBytes(1000), sampleBytes(2_000_000)]
      const meta = { mediaType: 'image/png', width: 3, height: 4, label: 'naïve – 名.png' }
      const { id } = await fixture.store.put(small, meta)
      const { id: largeId } = await fixture.store.put(webStream(large), plain)
      const { id: deleted } = await fixture.store.put(sampleBytes(5), plain)
      await fixture.store.delete(deleted)
      await fixture.store.close()
      const store = context.use(await provided(fixture.reopen, 'reopen').call(fixture))
      await isStored(store, id, small, 'small')
      await isStored(store, largeId, large, 'large')
      assert.deepEqual(await store.stat(id), { id, byteLength: 1000, ...meta })
      await isAbsent(store, deleted, 'deleted')
      assert.deepEqual(await listedIds(store), [id, largeId].sort())
    },
  },
  {
    name: 'new-process',
    title: 'a process started afterwards reads what this one put, and this one reads what that one put',
    requires: ['durable', 'child'],
    async run(context) {
      const fixture = await context.create()
      const here = sampleBytes(200_000, 1)
      const { id } = await fixture.store.put(here, plain)
      const child = context.use(await StoreProcess.start(provided(fixture.child, 'child')))
      assert.deepEqual(await child.call({ op: 'hash-all', ids: [id, absentId()] }), [id, 'not_found'])
      const [there] = await child.call({ op: 'put-all', samples: [{ length: 300_000, seed: 2 }] })
      await child.call({ op: 'close' })
      await isStored(fixture.store, there ?? '', sampleBytes(300_000, 2), 'put by the child')
    },
  },
  {
    name: 'killed-after-put',
    title: 'what a process had put when it was killed, at any moment, is there, and nothing of it is there in part',
    requires: ['durable', 'child'],
    async run(context) {
      const fixture = await context.create()
      const lengths = [500, 40_000, 1_300_000]
      for (let round = 0; round < 4; round++) {
        const firstSeed = 1 + round * 1000
        const child = context.use(await StoreProcess.start(provided(fixture.child, 'child')))
        child.send({ op: 'put-until-killed', firstSeed, lengths })
        const told: string[] = []
        for (let puts = 0; puts < 2 + 3 * round; puts++) told.push(await child.nextEvent())
        await child.kill()
        told.push(...(await child.restOfEvents()))
        for (const [turn, id] of told.entries()) {
          const length = lengths[turn % lengths.length] ?? 0
          await isStored(fixture.store, id, sampleBytes(length, firstSeed + turn), `put ${turn} before the kill`)
        }
        // The one that was in flight: whole or not at all.
        for (const { id, byteLength } of await collect(fixture.store.list())) {
          const stored = await fixture.store.get(id)
          assert.equal(independentId(stored.bytes), id)
          assert.equal(byteLength, stored.bytes.byteLength)
        }
      }
    },
  },
  {
    name: 'killed-halfway',
    title: 'of a put whose process was killed halfway nothing can be seen, and the next put of the same bytes works',
    requires: ['durable', 'child'],
    async run(context) {
      const fixture = await context.create()
      const sample = { length: 4_000_000, seed: 5 }
      const child = context.use(await StoreProcess.start(provided(fixture.child, 'child')))
      assert.deepEqual(await child.call({ op: 'put-halfway', sample }), ['stalled'])
      await child.kill()
      const bytes = sampleBytes(sample.length, sample.seed)
      await isAbsent(fixture.store, independentId(bytes), 'after the kill')
      assert.deepEqual(await listedIds(fixture.store), [])
      const { id } = await fixture.store.put(webStream(bytes), plain)
      await isStored(fixture.store, id, bytes, 'put again')
    },
  },
  {
    name: 'stale-staging',
    title: 'what a killed writer left staged is never listed or read, and does not keep the same bytes from being put',
    requires: ['staging'],
    async run(context) {
      for (const length of [1000, 2_000_000]) {
        const fixture = await context.create()
        const bytes = sampleBytes(length)
        const id = independentId(bytes)
        await provided(fixture.staging, 'staging').plant(id, bytes)
        await isAbsent(fixture.store, id, 'only staged')
        assert.deepEqual(await listedIds(fixture.store), [])
        await fixture.store.put(webStream(bytes), plain)
        await isStored(fixture.store, id, bytes, 'put beside it')
        assert.deepEqual(await listedIds(fixture.store), [id])
        await fixture.store.delete(id)
        await isAbsent(fixture.store, id, 'deleted again')
      }
    },
  },
])
