import {
  AttachmentBackendError,
  AttachmentClosedError,
  AttachmentCorruptError,
  AttachmentInvalidArgumentError,
  AttachmentMissingMetaError,
  type AttachmentStore,
  AttachmentTooLargeError,
} from '@lash/attachments-core'
import { copyStore, type MaintenanceProgress, verifyStore } from '@lash/attachments-core/maintenance'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import { SqliteAttachmentStore } from '@lash/attachments-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { driven, files, listed, meta, namesIn, put } from './stores.ts'

const MiB = 2 ** 20

function opened<Store extends AttachmentStore>(store: Store): Store {
  onTestFinished(() => store.close())
  return store
}

function memory(): InMemoryAttachmentStore {
  return opened(new InMemoryAttachmentStore())
}

test('a copy has the ids, generations, metadata and bytes of the source, and a second one finds nothing to do', async () => {
  const { store: from } = files()
  const to = opened(new SqliteAttachmentStore({ path: ':memory:' }))
  for (const [seed, byteLength] of [0, 1, 1000, MiB, MiB + 1, 3 * MiB].entries()) await put(from, seed, byteLength)
  await put(from, 2, 1000, 7)
  await put(from, 9, 50, 2)
  await put(to, 100)
  const byteLength = 1051 + 1000 + 5 * MiB + 1
  const counts = { listedCount: 8, failures: [] }

  const would = await copyStore(from, to, { dryRun: true })
  expect(would).toEqual({ ...counts, copiedCount: 8, copiedByteLength: byteLength, presentCount: 0 })
  expect(await namesIn(to)).toHaveLength(1)
  expect(await copyStore(from, to)).toEqual(would)
  expect(await namesIn(to)).toEqual(expect.arrayContaining(await namesIn(from)))
  for await (const { id, generation } of from.list()) {
    expect(await to.stat(id, { generation })).toEqual(await from.stat(id, { generation }))
    expect(await to.stat(id, { generation })).toMatchObject(meta)
  }
  expect(await verifyStore(to)).toMatchObject({ checkedCount: 9, byteLength: byteLength + 20, damaged: [] })
  expect(await copyStore(from, to)).toEqual({ ...counts, copiedCount: 0, copiedByteLength: 0, presentCount: 8 })
})

test('what is damaged in the source is named, nothing of it is stored, and all the rest is copied', async () => {
  const { store: from, flip, cut, dropMetadata } = files()
  const flipped = [await put(from, 1, 1000), await put(from, 2, 2 * MiB)]
  const short = [await put(from, 3, 1000), await put(from, 4, 2 * MiB)]
  const bare = await put(from, 5)
  const whole = await put(from, 6)
  flipped.forEach(flip)
  short.forEach(cut)
  dropMetadata(bare)
  const to = memory()
  const report = await copyStore(from, to)
  expect(report).toMatchObject({ listedCount: 6, copiedCount: 1 })
  const corrupt = [...flipped, ...short].map(key => ({ ...key, error: expect.any(AttachmentCorruptError) }))
  const failures = [...corrupt, { ...bare, error: expect.any(AttachmentMissingMetaError) }]
  expect(report.failures).toHaveLength(5)
  expect(report.failures).toEqual(expect.arrayContaining(failures))
  expect(await namesIn(to)).toEqual([whole.id])
})

test('bytes that a source gives for those of another id are not stored', async () => {
  const from = memory()
  const { id } = await put(from, 1)
  const lying = new Proxy(from, {
    get: (store, name) =>
      name === 'get'
        ? async () => ({ meta: { ...meta, id, byteLength: 3 }, bytes: new Uint8Array(3) })
        : Reflect.get(store, name).bind?.(store),
  })
  const to = memory()
  const { failures } = await copyStore(lying, to)
  expect(failures).toEqual([{ id, generation: 0, error: expect.any(AttachmentCorruptError) }])
  expect(await namesIn(to)).toEqual([])
})

test('what is not whole in the target is put again', async () => {
  const { store: from } = files()
  const { store: to, cut, dropMetadata } = files()
  const keys = [await put(from, 1), await put(from, 2), await put(from, 3)] as const
  await copyStore(from, to)
  cut(keys[0])
  dropMetadata(keys[1])
  expect(await copyStore(from, to)).toMatchObject({ copiedCount: 2, presentCount: 1, failures: [] })
  expect((await verifyStore(to)).damaged).toEqual([])
})

test('only what begins with the prefix is copied', async () => {
  const from = memory()
  for (let seed = 0; seed < 40; seed++) await put(from, seed)
  const to = memory()
  const wanted = (await namesIn(from)).filter(name => name.startsWith('a'))
  expect(wanted.length).toBeGreaterThan(0)
  expect((await copyStore(from, to, { prefix: 'a' })).listedCount).toBe(wanted.length)
  expect(await namesIn(to)).toEqual(wanted)
})

test('what is deleted before it was read is left out', async () => {
  const from = driven({
    list: async function* () {
      yield* listed(3)
    },
  })
  expect(await copyStore(from, memory())).toMatchObject({ listedCount: 3, copiedCount: 0, failures: [] })
})

test('what a target does not take is a failure of its own, however often', async () => {
  const from = memory()
  for (let seed = 0; seed < 15; seed++) await put(from, seed, seed === 7 ? 5 : 100)
  const to = opened(new InMemoryAttachmentStore({ maxByteLength: 50 }))
  const { copiedCount, failures } = await copyStore(from, to)
  expect(copiedCount).toBe(1)
  expect(failures.map(({ error }) => error)).toEqual(Array(14).fill(expect.any(AttachmentTooLargeError)))
})

test('a store that is down ends the copy soon, and one that is closed at once', async () => {
  const from = memory()
  for (let seed = 0; seed < 100; seed++) await put(from, seed)
  let asked = 0
  const down = driven({
    write: async () => {
      asked++
      throw new Error('nobody answers')
    },
  })
  await expect(copyStore(from, down)).rejects.toThrow(AttachmentBackendError)
  expect(asked).toBeLessThan(30)
  const closed = new InMemoryAttachmentStore()
  await closed.close()
  await expect(copyStore(from, closed)).rejects.toThrow(AttachmentClosedError)
  await expect(copyStore(closed, from)).rejects.toThrow(AttachmentClosedError)
})

test('a few failures among what works end nothing', async () => {
  const from = memory()
  for (let seed = 0; seed < 40; seed++) await put(from, seed)
  let asked = 0
  const shaky = driven({
    write: async () => {
      if (asked++ % 4 !== 0) throw new Error('busy')
    },
  })
  const { copiedCount, failures } = await copyStore(from, shaky)
  expect([copiedCount, failures.length]).toEqual([10, 30])
})

test('as many copies are at work as is said, and no more are read than are being put', async () => {
  const from = memory()
  for (let seed = 0; seed < 30; seed++) await put(from, seed)
  let [reads, writes, most] = [0, 0, 0]
  const counted = new Proxy(from, {
    get(store, name) {
      if (name === 'get') reads++
      return Reflect.get(store, name).bind?.(store)
    },
  })
  const to = driven({
    async write() {
      most = Math.max(most, reads - writes)
      await new Promise(setImmediate)
      writes++
    },
  })
  await copyStore(counted, to, { concurrency: 5 })
  expect([reads, writes, most]).toEqual([30, 30, 5])
})

test('an abort stops it with the reason, and the next run does the rest', async () => {
  const { store: from } = files()
  for (let seed = 0; seed < 30; seed++) await put(from, seed, seed === 5 ? 2 * MiB : 30)
  const { store: to } = files()
  const reason = new Error('enough')
  const controller = new AbortController()
  const onProgress = ({ count }: MaintenanceProgress) => {
    if (count === 10) controller.abort(reason)
  }
  const { signal } = controller
  await expect(copyStore(from, to, { concurrency: 3, signal, onProgress })).rejects.toBe(reason)
  const { length: there } = await namesIn(to)
  expect(there).toBeGreaterThanOrEqual(10)
  expect(there).toBeLessThanOrEqual(13)
  await expect(copyStore(from, to, { signal })).rejects.toBe(reason)
  expect(await copyStore(from, to)).toMatchObject({ presentCount: there, copiedCount: 30 - there })
  expect((await verifyStore(to)).damaged).toEqual([])
})

test('progress tells how far it has come', async () => {
  const from = memory()
  for (let seed = 0; seed < 200; seed++) await put(from, seed)
  const seen: MaintenanceProgress[] = []
  await copyStore(from, memory(), { onProgress: progress => seen.push(progress) })
  const names = await namesIn(from)
  expect(seen.map(({ count }) => count)).toEqual([...names.keys()].map(at => at + 1).concat(200))
  expect(seen.at(-1)).toEqual({
    count: 200,
    byteLength: 4000,
    upTo: { id: names[199], generation: 0 },
    share: 1,
    failures: [],
  })
  for (const { count, share = 0, upTo } of seen) {
    // Of eight that are at work, seven may have ended that come after the first.
    const done = upTo === undefined ? 0 : names.indexOf(upTo.id) + 1
    expect(count - done).toBeGreaterThanOrEqual(0)
    expect(count - done).toBeLessThan(8)
    expect(Math.abs(share - done / 200)).toBeLessThan(0.15)
  }
})

test.each([
  { concurrency: 0 },
  { concurrency: 1001 },
  { concurrency: 1.5 },
  { prefix: 'A' },
  { prefix: '0'.repeat(65) },
])('%j is refused', async options => {
  await expect(copyStore(memory(), memory(), options)).rejects.toThrow(AttachmentInvalidArgumentError)
})
