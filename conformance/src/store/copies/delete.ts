import assert from 'node:assert/strict'
import { caseGroup, type StoreCase } from '../../case.ts'
import { isAbsent, isStored, listedIds, nothingStaged } from '../../run/expect.ts'
import { absentId, readUntilFailure, sampleBytes, webStream } from '../../run/samples.ts'

const plain = { mediaType: 'application/octet-stream' }

export const deleteCases: readonly StoreCase[] = caseGroup('store', 'delete', [
  {
    name: 'gone',
    title: 'after delete, nothing of the blob can be seen, and the others are there',
    async run(context) {
      const { store } = await context.create()
      const [kept, doomed] = [sampleBytes(1000, 1), sampleBytes(1000, 2)]
      const { id: keptId } = await store.put(kept, plain)
      const { id } = await store.put(doomed, plain)
      await store.delete(id)
      await isAbsent(store, id, 'after delete')
      await isStored(store, keptId, kept, 'the other')
      assert.deepEqual(await listedIds(store), [keptId])
    },
  },
  {
    name: 'idempotent',
    title: 'deleting again, and deleting what never was, is fine',
    async run(context) {
      const { store } = await context.create()
      const { id } = await store.put(sampleBytes(1000), plain)
      assert.equal(await store.delete(id), undefined)
      await store.delete(id)
      await store.delete(absentId())
      await Promise.all([store.delete(id), store.delete(absentId()), store.delete(id)])
      await isAbsent(store, id, 'after all that')
    },
  },
  {
    name: 'of-an-empty-store',
    title: 'deleting from a store that never held anything is fine',
    async run(context) {
      const { store } = await context.create()
      await store.delete(absentId())
      assert.deepEqual(await listedIds(store), [])
    },
  },
  {
    name: 'put-restores',
    title: 'what was deleted can be put again, many times, small and large',
    async run(context) {
      const { store } = await context.create()
      for (const length of [0, 1000, 1_500_000]) {
        const bytes = sampleBytes(length)
        for (let round = 0; round < 4; round++) {
          const { id } = await store.put(round % 2 === 0 ? bytes : webStream(bytes), plain)
          await isStored(store, id, bytes, `${length} bytes, round ${round}`)
          await store.delete(id)
          await isAbsent(store, id, `${length} bytes, round ${round}`)
        }
      }
    },
  },
  {
    name: 'many-at-once',
    title: 'many deletes at once take exactly what they name',
    async run(context) {
      const { store } = await context.create()
      const put = async (seed: number) => (await store.put(sampleBytes(50, seed), plain)).id
      const ids = await Promise.all(Array.from({ length: 60 }, (_, seed) => put(seed)))
      const kept = ids.filter((_, index) => index % 3 === 0)
      const doomed = ids.filter((_, index) => index % 3 !== 0)
      await Promise.all([...doomed, absentId(1), ...doomed].map(id => store.delete(id)))
      assert.deepEqual(await listedIds(store), kept.sort())
    },
  },
  {
    name: 'during-an-open-stream',
    title: 'a stream that is open when its blob is deleted gives all bytes or an error, never an early end',
    async run(context) {
      const { store } = await context.create()
      for (const length of [100_000, 3_000_000]) {
        const { id } = await store.put(webStream(sampleBytes(length)), plain)
        const unread = await store.stream(id)
        const begun = (await store.stream(id)).body.getReader()
        const first = await begun.read()
        await store.delete(id)
        begun.releaseLock()
        const late = await readUntilFailure(unread.body)
        assert.ok(late.failed || late.byteLength === length, `an unread stream ended after ${late.byteLength} bytes`)
        await isAbsent(store, id, 'meanwhile')
        assert.ok(first.value !== undefined && first.value.byteLength > 0)
      }
    },
  },
  {
    name: 'rest-of-an-open-stream',
    title: 'a stream that was half read when its blob is deleted gives the rest or an error, never an early end',
    async run(context) {
      const { store } = await context.create()
      const length = 3_000_000
      const { id } = await store.put(webStream(sampleBytes(length)), plain)
      const reader = (await store.stream(id)).body.getReader()
      let byteLength = (await reader.read()).value?.byteLength ?? 0
      await store.delete(id)
      try {
        for (;;) {
          const { done, value } = await reader.read()
          if (done) break
          byteLength += value.byteLength
        }
      } catch {
        return
      }
      assert.equal(byteLength, length, 'the stream ended early, without an error')
    },
  },
  {
    name: 'leaves-no-litter',
    title: 'delete leaves nothing staged',
    requires: ['staging'],
    async run(context) {
      const fixture = await context.create()
      const { id } = await fixture.store.put(webStream(sampleBytes(2_000_000)), plain)
      await fixture.store.delete(id)
      await nothingStaged(fixture, 'after delete')
    },
  },
])
