import assert from 'node:assert/strict'
import type { StoreCase } from '../../case.ts'
import { isAbsent, isStored, listedIds, nothingStaged } from '../../run/expect.ts'
import { absentId, plain, readUntilFailure, sampleBytes, webStream } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

export const deleteCases: readonly StoreCase[] = storeGroup('delete', {
  gone: {
    title: 'after a delete, nothing shows the blob, and other blobs are still there',
    async run({ store, putSample }) {
      const kept = await putSample(1000, 1)
      const { id } = await putSample(1000, 2)
      await store.delete(id)
      await isAbsent(store, id, 'after delete')
      await isStored(store, kept.id, kept.bytes, 'the other')
      assert.deepEqual(await listedIds(store), [kept.id])
    },
  },
  idempotent: {
    title: 'deleting a blob twice, or one that never existed, succeeds',
    async run({ store, putSample }) {
      const { id } = await putSample(1000)
      assert.equal(await store.delete(id), undefined)
      await store.delete(id)
      await store.delete(absentId())
      await Promise.all([store.delete(id), store.delete(absentId()), store.delete(id)])
      await isAbsent(store, id, 'after all that')
    },
  },
  'of-an-empty-store': {
    title: 'deleting from a store that never held anything succeeds',
    async run({ store }) {
      await store.delete(absentId())
      assert.deepEqual(await listedIds(store), [])
    },
  },
  'put-restores': {
    title: 'a deleted blob can be put again, many times, small or large',
    async run({ store }) {
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
  'many-at-once': {
    title: 'many deletes at once delete exactly the blobs they name',
    async run({ store, putSample }) {
      const put = async (seed: number) => (await putSample(50, seed)).id
      const ids = await Promise.all(Array.from({ length: 60 }, (_, seed) => put(seed)))
      const kept = ids.filter((_, index) => index % 3 === 0)
      const doomed = ids.filter((_, index) => index % 3 !== 0)
      await Promise.all([...doomed, absentId(1), ...doomed].map(id => store.delete(id)))
      assert.deepEqual(await listedIds(store), kept.sort())
    },
  },
  'during-an-open-stream': {
    title: 'a stream whose blob is deleted before it is read gives all bytes or an error, never an early end',
    async run({ store, streamSample }) {
      for (const length of [100_000, 3_000_000]) {
        const { id } = await streamSample(length)
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
  'rest-of-an-open-stream': {
    title: 'a half-read stream whose blob is deleted gives the rest or an error, never an early end',
    async run({ store, streamSample }) {
      const length = 3_000_000
      const { id } = await streamSample(length)
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
  'leaves-no-litter': {
    title: 'delete leaves nothing staged',
    requires: ['staging'],
    async run({ store, fixture, streamSample }) {
      const { id } = await streamSample(2_000_000)
      await store.delete(id)
      await nothingStaged(fixture, 'after delete')
    },
  },
})
