import { randomBytes } from 'node:crypto'
import { type BlobProfile, SqliteAttachmentStore } from '@lash/attachments-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { newPath, rawDatabase } from '../folder.ts'

async function newStore(blobProfile?: BlobProfile) {
  const path = newPath()
  const store = new SqliteAttachmentStore({ path, blobProfile })
  onTestFinished(() => store.close())
  const raw = rawDatabase(path)
  const storedLength = (id: string) =>
    raw.prepare('SELECT stored_length FROM lash_attachment_blobs WHERE id = ?').pluck().get(Buffer.from(id, 'hex'))
  return { store, raw, storedLength }
}

const text = (length: number) => Buffer.from('All work and no play. '.repeat(length / 22 + 1)).subarray(0, length)

test.each([
  ['low-latency', 2000, false],
  ['low-latency', 3_000_000, false],
  ['balanced', 2000, false],
  ['balanced', 5000, true],
  ['balanced', 100_000, true],
  ['balanced', 3_000_000, true],
  ['compact', 900, false],
  ['compact', 2000, true],
  ['compact', 3_000_000, true],
] as const)('%s, %i bytes of text: compressed is %s', async (profile, length, compressed) => {
  const { store, storedLength } = await newStore(profile)
  const bytes = text(length)
  const { id } = await store.put(bytes, { mediaType: 'text/plain; charset=utf-8' })
  if (compressed) expect(storedLength(id)).toBeLessThan(length / 4)
  else expect(storedLength(id)).toBe(length)
  expect(await store.stat(id)).toMatchObject({ byteLength: length })
  expect(Buffer.compare((await store.get(id)).bytes, bytes)).toBe(0)
  const { body } = await store.stream(id, { start: 100, end: length - 7 })
  expect(Buffer.compare(Buffer.concat(await Array.fromAsync(body)), bytes.subarray(100, length - 7))).toBe(0)
})

test('media that is compressed already, and bytes that do not get smaller, are stored as they are', async () => {
  const { store, storedLength } = await newStore('compact')
  for (const mediaType of [
    'image/png',
    'image/jpeg',
    'application/zip',
    'application/pdf',
    'application/octet-stream',
  ]) {
    const { id } = await store.put(Buffer.concat([text(10_000), Buffer.from(mediaType)]), { mediaType })
    expect(storedLength(id)).toBe(10_000 + mediaType.length)
  }
  const { id } = await store.put(randomBytes(10_000), { mediaType: 'text/plain' })
  expect(storedLength(id)).toBe(10_000)
})

test('json, xml, svg and their like are compressed', async () => {
  const { store, storedLength } = await newStore()
  for (const mediaType of [
    'application/json',
    'image/svg+xml',
    'application/ld+json',
    'application/wasm',
    'Text/HTML',
  ]) {
    const { id } = await store.put(Buffer.concat([text(10_000), Buffer.from(mediaType)]), { mediaType })
    expect(storedLength(id)).toBeLessThan(1000)
  }
})

test.each([5000, 100_000, 3_000_000])(
  'compressed bytes that cannot be inflated are a corrupt error (%i)',
  async length => {
    const { store, raw } = await newStore()
    const { id } = await store.put(text(length), { mediaType: 'text/plain' })
    raw.exec("UPDATE lash_attachment_blobs SET bytes = CAST('no' || bytes AS BLOB) WHERE upload IS NULL")
    raw.exec("UPDATE lash_attachment_chunks SET bytes = CAST('no' || bytes AS BLOB)")
    await expect(store.get(id)).rejects.toMatchObject({ code: 'corrupt', id })
  },
)

test('compressed bytes that would grow beyond what was put are a corrupt error', async () => {
  const { store, raw } = await newStore()
  const small = await store.put(text(5000), { mediaType: 'text/plain' })
  const { id } = await store.put(text(30_000), { mediaType: 'text/plain' })
  raw
    .prepare(
      'UPDATE lash_attachment_blobs SET bytes = (SELECT bytes FROM lash_attachment_blobs WHERE id = ?) WHERE id = ?',
    )
    .run(Buffer.from(id, 'hex'), Buffer.from(small.id, 'hex'))
  await expect(store.get(small.id)).rejects.toMatchObject({ code: 'corrupt', id: small.id })
})

test('a file may be opened with another profile each time', async () => {
  const path = newPath()
  const bytes = text(50_000)
  const first = new SqliteAttachmentStore({ path, blobProfile: 'compact' })
  const { id } = await first.put(bytes, { mediaType: 'text/plain' })
  await first.close()
  const second = new SqliteAttachmentStore({ path, blobProfile: 'low-latency' })
  onTestFinished(() => second.close())
  expect(Buffer.compare((await second.get(id)).bytes, bytes)).toBe(0)
})

test('an unknown profile is refused', () => {
  expect(() => new SqliteAttachmentStore({ path: ':memory:', blobProfile: 'fast' as BlobProfile })).toThrow(
    /blobProfile must be one of/,
  )
})
