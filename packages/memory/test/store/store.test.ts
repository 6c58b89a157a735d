import {
  type AttachmentDriver,
  AttachmentTooLargeError,
  contentId,
  PortableAttachmentStore,
} from '@lash/attachments-core'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import { expect, test } from 'vitest'

const meta = { mediaType: 'application/octet-stream' }

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

test('is ephemeral', () => {
  expect(new InMemoryAttachmentStore().persistence).toBe('ephemeral')
})

test('neither the array that was put nor one that was read is the stored one', async () => {
  const store = new InMemoryAttachmentStore()
  const source = bytesOf('unchanged')
  const { id } = await store.put(source, meta)
  source.fill(0)
  ;(await store.get(id)).bytes.fill(1)
  for await (const chunk of (await store.stream(id)).body) chunk.fill(2)
  expect((await store.get(id)).bytes).toEqual(bytesOf('unchanged'))
})

test('metadata that was read is not the stored one', async () => {
  const store = new InMemoryAttachmentStore()
  const { id } = await store.put(bytesOf('a'), { ...meta, label: 'first' })
  const read = await store.get(id)
  read.meta.label = 'changed'
  const known = await store.stat(id)
  if (known !== undefined) known.label = 'changed'
  expect((await store.get(id)).meta.label).toBe('first')
})

test('collects content that another store keeps in a spool file', async () => {
  const spooling: Partial<AttachmentDriver> = { specificationVersion: 1, name: 'spooling', spool: { memoryLimit: 1 } }
  const other = new PortableAttachmentStore(spooling as AttachmentDriver)
  const bytes = new Uint8Array(700_000).fill(7)
  await using content = await other.prepare(new Blob([bytes]))
  expect(content.bytes).toBeUndefined()

  const store = new InMemoryAttachmentStore()
  await Promise.all([store.put(content, meta), store.put(content, meta)])
  expect((await store.get(content.id)).bytes).toEqual(bytes)
  expect(await Array.fromAsync(store.list())).toHaveLength(1)
})

test('a stream above a megabyte needs no file and reads back whole', async () => {
  const store = new InMemoryAttachmentStore()
  const content = await store.prepare(new Blob([new Uint8Array(3_000_000).fill(9)]))
  expect(content.path).toBeUndefined()
  expect(content.bytes?.byteLength).toBe(3_000_000)
  await store.put(content, meta)
  expect(contentId((await store.get(content.id)).bytes)).toBe(content.id)
})

test('keeps to maxByteLength', async () => {
  const store = new InMemoryAttachmentStore({ maxByteLength: 3 })
  await store.put(bytesOf('123'), meta)
  await expect(store.put(bytesOf('1234'), meta)).rejects.toThrow(AttachmentTooLargeError)
  expect(await Array.fromAsync(store.list())).toHaveLength(1)
})

test('lists the copies of one id by its full id and takes one of them away', async () => {
  const store = new InMemoryAttachmentStore()
  const { id } = await store.put(bytesOf('shared'), meta)
  await store.put(bytesOf('shared'), meta, { generation: 2 })
  await store.put(bytesOf('other'), meta)
  expect((await Array.fromAsync(store.list({ prefix: id }))).map(blob => blob.generation)).toEqual([0, 2])
  await store.delete(id, { generation: 0 })
  expect((await Array.fromAsync(store.list({ prefix: id }))).map(blob => blob.generation)).toEqual([2])
  expect((await store.get(id)).bytes).toEqual(bytesOf('shared'))
})

test('a listing ends although every step of it puts another blob', async () => {
  const store = new InMemoryAttachmentStore()
  await store.put(bytesOf('0'), meta)
  let steps = 0
  for await (const _blob of store.list()) await store.put(bytesOf(`${++steps}`), meta)
  expect(steps).toBe(1)
})
