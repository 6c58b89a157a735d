import {
  AttachmentBackendError,
  AttachmentCorruptError,
  type AttachmentRef,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { repairCopies } from '@lash/attachments-core/maintenance'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import { beforeEach, expect, test } from 'vitest'
import { driven, type Files, files, meta } from './stores.ts'

const text = (value: string) => new TextEncoder().encode(value)

let there: Files
let manifest: InMemoryAttachmentManifest
beforeEach(() => {
  there = files()
  manifest = new InMemoryAttachmentManifest()
})

async function committed(value: string, sessionId = 'session', holder = ''): Promise<AttachmentRef> {
  const session = new SessionScopedAttachmentStore(there.store, manifest, sessionId).withHolder(holder)
  const ref = await session.put(text(value), meta)
  await session.commit()
  return ref
}

test('a copy at another generation stands in for one that is missing, short, or without metadata', async () => {
  const { store } = there
  const refs = [await committed('missing'), await committed('short'), await committed('bare'), await committed('whole')]
  for (const value of ['missing', 'short', 'bare']) await store.put(text(value), meta, { generation: 3 })
  const [missing, short, bare] = refs.map(({ id }) => ({ id, generation: 0 })) as [Key, Key, Key]
  await store.delete(missing.id, missing)
  there.cut(short)
  there.dropMetadata(bare)
  const report = { checkedCount: 4, repairedCount: 3, lost: [] }
  expect(await repairCopies(manifest, store, { dryRun: true })).toEqual(report)
  expect(await store.stat(missing.id, missing)).toBeUndefined()
  const told: unknown[] = []
  expect(await repairCopies(manifest, store, { onProgress: progress => told.push(progress) })).toEqual(report)
  expect(told).toHaveLength(4)
  expect(told.at(-1)).toEqual({ count: 4, byteLength: 'missingshortbarewhole'.length })
  for (const { id } of refs) expect(await store.get(id, { generation: 0 })).toMatchObject({ meta })
  expect(await repairCopies(manifest, store)).toEqual({ ...report, repairedCount: 0 })
})

test('every committed ref to what is lost is told, and no other', async () => {
  const { store } = there
  const { id } = await committed('gone', 'one', 'a')
  await committed('gone', 'one', 'b')
  await committed('gone', 'two')
  await committed('gone', 'released')
  await manifest.releaseRefs('released')
  await new SessionScopedAttachmentStore(store, manifest, 'uncommitted').put(text('gone'), meta)
  await store.delete(id)
  const { lost, ...counts } = await repairCopies(manifest, store)
  expect(counts).toEqual({ checkedCount: 1, repairedCount: 0 })
  expect(lost.map(ref => [ref.sessionId, ref.holder]).sort()).toEqual([
    ['one', 'a'],
    ['one', 'b'],
    ['two', ''],
  ])
  expect(lost[0]).toEqual(await manifest.lookup('one', id, { holder: lost[0]?.holder ?? '' }))
})

test('a copy that is damaged itself stands in for nothing', async () => {
  const { store, flip } = there
  const { id } = await committed('something')
  await store.put(text('something'), meta, { generation: 1 })
  await store.delete(id, { generation: 0 })
  flip({ id, generation: 1 })
  expect(await repairCopies(manifest, store)).toMatchObject({ repairedCount: 0, lost: [{ attachmentId: id }] })
  expect(await store.stat(id, { generation: 0 })).toBeUndefined()
  await store.put(text('something'), meta, { generation: 2 })
  expect(await repairCopies(manifest, store)).toEqual({ checkedCount: 1, repairedCount: 1, lost: [] })
  await expect(store.get(id, { generation: 1 })).rejects.toThrow(AttachmentCorruptError)
})

test('of content with thousands of refs the store is asked once', async () => {
  for (let number = 0; number < 3000; number++) await committed('everywhere', `session ${number}`)
  let looks = 0
  const empty = driven({
    stat: async () => {
      looks++
      return undefined
    },
  })
  const { checkedCount, lost } = await repairCopies(manifest, empty)
  expect([checkedCount, lost.length, looks]).toEqual([1, 3000, 1])
})

test('a store that is down or an abort ends it', async () => {
  await committed('something')
  const down = driven({ stat: () => Promise.reject(new Error('nobody answers')) })
  await expect(repairCopies(manifest, down)).rejects.toThrow(AttachmentBackendError)
  const reason = new Error('enough')
  await expect(repairCopies(manifest, there.store, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const controller = new AbortController()
  const stopping = new InMemoryAttachmentStore()
  const onProgress = () => controller.abort(reason)
  for (let number = 0; number < 20; number++) await committed(`number ${number}`)
  await expect(repairCopies(manifest, stopping, { signal: controller.signal, onProgress })).rejects.toBe(reason)
})

interface Key {
  id: string
  generation: number
}

test('a concurrency out of range is refused', async () => {
  for (const concurrency of [0, 1001, 1.5]) {
    const repairing = repairCopies(manifest, there.store, { concurrency })
    await expect(repairing).rejects.toMatchObject({ code: 'invalid_argument' })
  }
})
