import assert from 'node:assert/strict'
import type { AttachmentId, AttachmentRef, AttachmentStore } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { listedIds } from '../../run/expect.ts'
import { absentId, collect, independentId, plain, sampleBytes, stalledSource } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

export const listingCases: readonly StoreCase[] = storeGroup('list and stat', {
  empty: {
    title: 'a listing of an empty store is empty, with any prefix',
    async run({ store }) {
      assert.deepEqual(await collect(store.list()), [])
      assert.deepEqual(await collect(store.list({ prefix: 'ab' })), [])
      assert.deepEqual(await collect(store.list({ prefix: absentId() })), [])
    },
  },
  entry: {
    title: 'a listed entry has id, generation, length and, where known, a plausible time',
    async run({ store }) {
      for (const length of [0, 1000, 1_500_000]) {
        const { id } = await store.put(sampleBytes(length), { mediaType: 'text/plain' })
        const [entry, ...more] = await collect(store.list({ prefix: id }))
        assert.deepEqual(more, [])
        assert.deepEqual([entry?.id, entry?.byteLength], [id, length])
        assert.ok(Number.isSafeInteger(entry?.generation), 'generation is a whole number')
        const { lastModifiedMs } = entry ?? {}
        if (lastModifiedMs === undefined) continue
        const day = 24 * 60 * 60 * 1000
        assert.ok(Math.abs(lastModifiedMs - Date.now()) < day, `lastModifiedMs is not now, in ms: ${lastModifiedMs}`)
      }
    },
  },
  stat: {
    title: 'stat returns the metadata of a blob, and undefined when there is none',
    async run({ store }) {
      assert.equal(await store.stat(absentId()), undefined)
      const { id } = await store.put(sampleBytes(1000), { mediaType: 'image/png', width: 2, label: 'a' })
      assert.deepEqual(await store.stat(id), { id, byteLength: 1000, mediaType: 'image/png', width: 2, label: 'a' })
      await store.delete(id)
      assert.equal(await store.stat(id), undefined)
    },
  },
  prefixes: {
    title: 'a prefix of any length lists exactly the ids that begin with it',
    async run({ store }) {
      const ids = await idsOf(store, 80)
      const [sample] = ids as [AttachmentId]
      for (const prefixLength of [0, 1, 2, 3, 4, 5, 63, 64]) {
        const prefix = sample.slice(0, prefixLength)
        const listed = await collect(store.list({ prefix }))
        const expected = ids.filter(id => id.startsWith(prefix)).sort()
        assert.deepEqual(listed.map(blob => blob.id).sort(), expected, `prefix of ${prefixLength}`)
      }
    },
  },
  'more-than-1000': {
    title: 'each of 1,100 copies is listed exactly once: a listing ends at no page, nor skips copies of an id there',
    async run({ store, has }) {
      // Seven copies of each id, so that pages of any usual size end between two copies of one id.
      const copies = has('generations') ? 7 : 1
      const put = await putMany(store, 1100, copies)
      const listed = await collect(store.list())
      assert.equal(listed.length, put.length, 'so many copies were listed')
      if (copies === 1) assert.deepEqual(listed.map(({ id }) => id).sort(), put.map(({ id }) => id).sort())
      else assert.deepEqual(listed.map(nameOf).sort(), put.map(nameOf).sort())
    },
  },
  'put-in-flight': {
    title: 'a put in flight is not listed, and neither is what it has staged',
    async run({ store, putSample }) {
      const { id } = await putSample(10)
      const bytes = sampleBytes(3_000_000)
      const source = stalledSource([bytes.slice(0, 1_000_000), bytes.slice(1_000_000)])
      const putting = store.put(source.stream, plain)
      await source.stalled
      const during = await collect(store.list())
      assert.deepEqual(
        during.map(blob => blob.id),
        [id],
      )
      assert.equal(await store.stat(independentId(bytes)), undefined)
      source.finish()
      await putting
      assert.deepEqual(await listedIds(store), [id, independentId(bytes)].sort())
    },
  },
  stable: {
    title: 'while others come and go, each blob that stays is listed exactly once',
    async run({ store, putSample }) {
      const ids = await idsOf(store, 300)
      const lasting = ids.filter((_, index) => index % 2 === 0)
      const doomed = new Set(ids.filter((_, index) => index % 2 === 1))
      const seen = new Map<AttachmentId, number>()
      let step = 0
      for await (const { id } of store.list()) {
        seen.set(id, (seen.get(id) ?? 0) + 1)
        // As a sweep does: deletes what is listed, and some of what is still to come.
        if (doomed.has(id)) await store.delete(id)
        const [victim] = step % 3 === 0 ? doomed : []
        if (victim !== undefined) await store.delete(victim)
        if (victim !== undefined) doomed.delete(victim)
        if (step < 150) await putSample(40, 90_000 + step)
        step++
      }
      for (const id of lasting) assert.equal(seen.get(id), 1, `${id} was listed ${seen.get(id) ?? 0} times`)
      for (const [id, times] of seen) assert.equal(times, 1, `${id} was listed ${times} times`)
    },
  },
  'left-early': {
    title: 'a listing may be abandoned early, many times, and two may run at once',
    async run({ store }) {
      const ids = await idsOf(store, 40)
      for (let round = 0; round < 60; round++) {
        for await (const _ of store.list()) break
      }
      const [first, second] = await Promise.all([listedIds(store), listedIds(store)])
      assert.deepEqual(first, ids.sort())
      assert.deepEqual(second, ids)
    },
  },
  'work-while-listing': {
    title: 'the store stays usable while a listing is open',
    async run({ store, putSample }) {
      await putMany(store, 5)
      for await (const { id } of store.list()) {
        await store.get(id)
        const { id: other } = await putSample(77)
        await store.delete(other)
        assert.ok((await listedIds(store)).length >= 5)
      }
    },
  },
})

/** Puts so many small, different blobs. */
async function idsOf(store: AttachmentStore, count: number): Promise<AttachmentId[]> {
  return (await putMany(store, count)).map(({ id }) => id)
}

function nameOf({ id, generation = 0 }: { id: AttachmentId; generation?: number }): string {
  return `${id} ${generation}`
}

/** Puts so many small blobs, of which each has so many copies; not all at once. */
async function putMany(store: AttachmentStore, count: number, copies: number = 1): Promise<AttachmentRef[]> {
  const refs: AttachmentRef[] = []
  for (let start = 0; start < count; start += 50) {
    const length = Math.min(50, count - start)
    const put = (index: number) =>
      store.put(
        sampleBytes(40, 1 + Math.floor(index / copies)),
        plain,
        copies === 1 ? {} : { generation: index % copies },
      )
    refs.push(...(await Promise.all(Array.from({ length }, (_, index) => put(start + index)))))
  }
  return refs
}
