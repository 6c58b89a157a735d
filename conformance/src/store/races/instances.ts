import assert from 'node:assert/strict'
import type { AttachmentCreateMeta } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { isAbsent, isStored, listedIds } from '../../run/expect.ts'
import { independentId, sampleBytes } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

/** What one instance remembers, another may have changed meanwhile. */
export const instanceCases: readonly StoreCase[] = storeGroup('instances', {
  'deleted-by-another': {
    title: 'bytes that this instance has put and another has deleted are written again when this one puts them again',
    requires: ['reopen'],
    async run({ store, reopen }) {
      const other = await reopen()
      for (const length of [0, 1000, 300_000]) {
        const bytes = sampleBytes(length)
        for (let round = 0; round < 2; round++) {
          const { id } = await store.put(bytes, { mediaType: 'text/plain' })
          await isStored(store, id, bytes, 'put by this one')
          await other.delete(id)
          await isAbsent(store, id, 'deleted by the other')
        }
        const { id } = await store.put(bytes, { mediaType: 'text/plain' })
        await isStored(other, id, bytes, 'put again by this one, read by the other')
        await store.delete(id)
        await isAbsent(other, id, 'deleted by this one')
      }
    },
  },
  'put-by-another': {
    title: 'bytes that this instance has looked for in vain are found as soon as another has put them',
    requires: ['reopen'],
    async run({ store, reopen }) {
      const other = await reopen()
      for (const length of [0, 1000, 300_000]) {
        const bytes = sampleBytes(length)
        const id = independentId(bytes)
        await isAbsent(store, id, 'before')
        const before = await listedIds(store)
        await other.put(bytes, { mediaType: 'text/plain' })
        await isStored(store, id, bytes, 'put by the other')
        assert.equal((await store.stat(id))?.byteLength, length)
        assert.deepEqual(await listedIds(store), [...before, id].sort())
      }
    },
  },
  'metadata-by-another': {
    title: 'when another instance deletes bytes and puts them with other metadata, this one shows the new ones',
    requires: ['reopen', 'metadata-of-first-put'],
    async run({ store, reopen }) {
      const instances = [store, await reopen()] as const
      const metas: AttachmentCreateMeta[] = [
        { mediaType: 'text/plain', label: 'first' },
        { mediaType: 'image/png', width: 7 },
        { mediaType: 'text/csv' },
        { mediaType: 'text/plain', label: '' },
      ]
      const bytes = sampleBytes(1000)
      const id = independentId(bytes)
      for (const [index, meta] of metas.entries()) {
        const writer = instances[index % 2 === 0 ? 0 : 1]
        await writer.put(bytes, meta)
        const expected = { id, byteLength: 1000, ...meta }
        for (const [which, reader] of instances.entries()) {
          assert.deepEqual(await reader.stat(id), expected, `put ${index}: stat of instance ${which}`)
          assert.deepEqual((await reader.get(id)).meta, expected, `put ${index}: get of instance ${which}`)
        }
        await writer.delete(id)
      }
    },
  },
})
