import {
  AttachmentBackendError,
  AttachmentCorruptError,
  type AttachmentKey,
  AttachmentMissingMetaError,
} from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import { type MaintenanceProgress, verifyStore } from '@lash/attachments-core/maintenance'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import { expect, onTestFinished, test } from 'vitest'
import { driven, files, listed, namesIn, put } from './stores.ts'

const MiB = 2 ** 20

test('every copy that is damaged is named with the reason, and the others are counted', async () => {
  const { store, flip, cut, dropMetadata } = files()
  const flipped = [await put(store, 1, 1000), await put(store, 2, 2 * MiB)]
  const short = [await put(store, 3, 1000, 4), await put(store, 3, 1000, 5), await put(store, 4, 2 * MiB)]
  const bare = await put(store, 5)
  for (const [seed, byteLength] of [0, 1, MiB, MiB + 1].entries()) await put(store, 10 + seed, byteLength)
  expect(await verifyStore(store)).toEqual({ checkedCount: 10, byteLength: 6 * MiB + 3022, damaged: [] })
  flipped.forEach(flip)
  short.forEach(cut)
  dropMetadata(bare)
  const { checkedCount, byteLength, damaged } = await verifyStore(store)
  expect([checkedCount, byteLength]).toEqual([10, 2 * MiB + 2])
  const corrupt = [...flipped, ...short].map(key => ({ ...key, error: expect.any(AttachmentCorruptError) }))
  expect(damaged).toHaveLength(6)
  expect(damaged).toEqual(
    expect.arrayContaining([...corrupt, { ...bare, error: expect.any(AttachmentMissingMetaError) }]),
  )
})

test('a store of more than can be sorted at once, in no order, is read in the order of ids, and gone on with', async () => {
  const store = new InMemoryAttachmentStore()
  onTestFinished(() => store.close())
  for (let seed = 0; seed < 5500; seed++) await store.put(new Uint8Array([seed, seed >> 8]), { mediaType: 'a/b' })
  const [first] = await namesIn(store)
  for (const generation of [10, 9]) await store.put(new Uint8Array(2), { mediaType: 'a/b' }, { generation })
  const inOrder = async (after?: AttachmentKey) => {
    const seen: AttachmentKey[] = []
    const report = await verifyStore(store, {
      concurrency: 1,
      after,
      onProgress: ({ upTo }) => upTo !== undefined && upTo !== seen.at(-1) && seen.push(upTo),
    })
    seen.pop()
    return { names: seen.map(physicalName), report }
  }
  const all = await inOrder()
  expect(all.report).toMatchObject({ checkedCount: 5502, byteLength: 11_004, damaged: [] })
  expect(all.names).toHaveLength(5502)
  const ids = all.names.map(name => name.slice(0, 64))
  expect(ids).toEqual(ids.toSorted())
  expect(ids[0]).toBe(first)
  const copies = all.names.filter(name => name.includes('.') || all.names.includes(`${name}.9`))
  expect(copies.map(name => name.slice(65))).toEqual(['', '9', '10'])
  const at = all.names.indexOf(copies[1] as string)
  const rest = await inOrder({ id: (copies[1] as string).slice(0, 64), generation: 9 })
  expect(rest.names).toEqual(all.names.slice(at + 1))
})

test('what an interrupted run told is where the next goes on, and nothing is passed over', async () => {
  const { store, flip } = files()
  const keys: AttachmentKey[] = []
  for (let seed = 0; seed < 60; seed++) keys.push(await put(store, seed, seed % 7 === 0 ? 2 * MiB : 10))
  const damaged = keys.filter((_, seed) => seed % 11 === 0)
  damaged.forEach(flip)
  const found = new Set<string>()
  let after: AttachmentKey | undefined
  let runs = 0
  for (let isWhole = false; !isWhole; runs++) {
    const controller = new AbortController()
    let [ended, begun] = [0, after]
    const onProgress = ({ upTo, failures = [] }: MaintenanceProgress) => {
      for (const key of failures) found.add(physicalName(key))
      begun = upTo
      if (++ended >= 13 && upTo !== undefined && upTo.id !== after?.id) controller.abort()
    }
    isWhole = await verifyStore(store, { after, signal: controller.signal, onProgress }).then(
      () => true,
      () => false,
    )
    after = begun
  }
  // How far a run comes depends on which blob is read first.
  expect(runs).toBeGreaterThan(1)
  expect([...found].sort()).toEqual(damaged.map(physicalName).sort())
})

test('a store that is down ends it, and damage however frequent does not', async () => {
  const list = async function* () {
    yield* listed(50, 3)
  }
  const down = driven({ list, read: () => Promise.reject(new Error('nobody answers')) })
  await expect(verifyStore(down)).rejects.toThrow(AttachmentBackendError)
  const damaged = driven({
    list,
    read: async ({ id }) => ({ meta: { id, byteLength: 3, mediaType: 'a/b' }, body: new Uint8Array(3) }),
  })
  expect((await verifyStore(damaged)).damaged).toHaveLength(50)
  const gone = driven({ list })
  expect(await verifyStore(gone)).toEqual({ checkedCount: 0, byteLength: 0, damaged: [] })
})
