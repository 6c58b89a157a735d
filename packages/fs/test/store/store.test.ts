import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  AttachmentCorruptError,
  AttachmentIoError,
  AttachmentMetadataDecodeError,
  AttachmentMissingMetaError,
  AttachmentNotFoundError,
  contentId,
} from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { newFolder } from '@lash/attachments-testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const bytes = new TextEncoder().encode('hello, attachments')
const id = contentId(bytes)
const meta = { mediaType: 'text/plain', label: 'grüße.txt' }
let folder: string
let root: string
let store: FileAttachmentStore

beforeEach(() => {
  folder = newFolder()
  root = join(folder, 'deep', 'root')
  store = new FileAttachmentStore(root)
})

afterEach(() => store.close())

const blobPath = () => join(root, 'sha256', id.slice(0, 2), id)
const sidecarPath = () => `${blobPath()}.json`

async function listed(): Promise<string[]> {
  const ids: string[] = []
  for await (const blob of store.list()) ids.push(blob.id)
  return ids
}

describe('layout', () => {
  test('bytes and sidecar stand where other tools look for them', async () => {
    await store.put(bytes, { ...meta, width: 3, height: 4 })
    expect(new Uint8Array(readFileSync(blobPath()))).toEqual(bytes)
    expect(JSON.parse(readFileSync(sidecarPath(), 'utf8'))).toEqual({
      id,
      media_type: 'text/plain',
      byte_len: bytes.byteLength,
      width: 3,
      height: 4,
      label: 'grüße.txt',
    })
  })

  test('another generation has its number in its name', async () => {
    await store.put(bytes, meta, { generation: 7 })
    expect(readdirSync(join(root, 'sha256', id.slice(0, 2))).sort()).toEqual([`${id}.7`, `${id}.7.json`])
    expect((await store.get(id)).bytes).toEqual(bytes)
  })

  test('nothing stays in staging', async () => {
    await store.put(bytes, meta)
    await store.put(new Blob([new Uint8Array(3_000_000)]).stream(), meta)
    await store.delete(id)
    await store.close()
    expect(readdirSync(join(root, 'tmp'))).toEqual(['removing-reserve'])
  })

  test('a spooled body that is put again over itself leaves nothing in staging', async () => {
    const content = await store.prepare(new Blob([new Uint8Array(3_000_000)]).stream())
    await store.put(content, meta)
    rmSync(join(root, 'sha256', content.id.slice(0, 2), `${content.id}.json`))
    await store.put(content, meta)
    expect((await store.get(content.id)).bytes.byteLength).toBe(3_000_000)
    await content[Symbol.asyncDispose]()
    await store.close()
    expect(readdirSync(join(root, 'tmp'))).toEqual(['removing-reserve'])
  })

  test.each(['full', 'relaxed'] as const)(
    '%s: a sidecar that a killed writer left, empty or half written, is no blob, and the next put replaces it',
    async durability => {
      for (const [generation, torn] of ['', '{"id":'].entries()) {
        const path = join(root, 'sha256', id.slice(0, 2), generation === 0 ? id : `${id}.${generation}`)
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(`${path}.json`, torn)
        await using next = new FileAttachmentStore(root, { durability })
        expect(await next.stat(id, { generation })).toBeUndefined()
        await expect(next.get(id, { generation })).rejects.toBeInstanceOf(AttachmentNotFoundError)
        await next.put(bytes, meta, { generation })
        expect((await next.get(id, { generation })).meta).toMatchObject(meta)
      }
    },
  )

  test('reading makes no folder', async () => {
    expect(await store.stat(id)).toBeUndefined()
    expect(await listed()).toEqual([])
    await store.delete(id)
    expect(readdirSync(folder)).toEqual([])
  })

  test('folders that somebody removed are made again', async () => {
    await store.put(bytes, meta)
    rmSync(root, { recursive: true })
    await store.put(bytes, meta)
    expect((await store.get(id)).bytes).toEqual(bytes)
    rmSync(join(root, 'tmp'), { recursive: true })
    await store.put(new Blob([new Uint8Array(3_000_000)]).stream(), meta)
    await store.put(new Uint8Array([1]), meta)
    rmSync(join(root, 'sha256'), { recursive: true })
    await store.put(bytes, meta)
    expect((await store.get(id)).bytes).toEqual(bytes)
  })

  test('foreign files are not listed', async () => {
    await store.put(bytes, meta)
    const shard = join(root, 'sha256', id.slice(0, 2))
    for (const name of ['README', `${id}.bak`, `${id}.01`, 'ff'.repeat(32).replace(/^ff/, 'zz')]) {
      writeFileSync(join(shard, name), 'x')
    }
    mkdirSync(join(root, 'sha256', 'not-a-shard'))
    mkdirSync(join(shard, `${id.slice(0, 2)}${'0'.repeat(62)}`))
    expect(await listed()).toEqual([id])
  })
})

describe('sidecars', () => {
  const write = (value: unknown) =>
    writeFileSync(sidecarPath(), typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value))
  const good = { id, media_type: 'text/plain', byte_len: bytes.byteLength }

  beforeEach(() => store.put(bytes, meta))

  test.each(['png', 'jpeg', 'gif', 'webp', 'bmp'])('the older form of image/%s is read', async type => {
    write({ ...good, media_type: { kind: 'image', type }, width: null, height: 5, label: null })
    expect((await store.get(id)).meta).toEqual({
      id,
      mediaType: `image/${type}`,
      byteLength: bytes.byteLength,
      height: 5,
    })
  })

  test('fields that are not known are left alone', async () => {
    write({ ...good, created_by: 'another tool', tags: [1, 2] })
    expect((await store.get(id)).meta).toEqual({ id, mediaType: 'text/plain', byteLength: bytes.byteLength })
    await store.put(bytes, meta)
    expect(readFileSync(sidecarPath(), 'utf8')).toContain('another tool')
  })

  test.each<[string, unknown]>([
    ['cut off', '{"id":"'],
    ['empty', ''],
    ['not an object', '[]'],
    ['null', 'null'],
    ['that is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ['of another id', { ...good, id: 'a'.repeat(64) }],
    ['without id', { ...good, id: undefined }],
    ['with a length that is text', { ...good, byte_len: '18' }],
    ['with a negative length', { ...good, byte_len: -1 }],
    ['with a media type of a wrong form', { ...good, media_type: 'text' }],
    ['with an older media type that is not known', { ...good, media_type: { kind: 'audio', type: 'png' } }],
    ['with a width that is no number', { ...good, width: 'wide' }],
    ['that is huge', { ...good, label: 'x'.repeat(10_000_000) }],
  ])('a sidecar %s is a decode error, and a put replaces it', async (_title, value) => {
    write(value)
    for (const read of [() => store.get(id), () => store.stat(id), () => store.stream(id)]) {
      await expect(read()).rejects.toSatisfy(
        AttachmentMetadataDecodeError.isInstance.bind(AttachmentMetadataDecodeError),
      )
    }
    await store.put(bytes, meta)
    expect((await store.get(id)).meta).toEqual({ id, byteLength: bytes.byteLength, ...meta })
  })

  test('bytes without a sidecar are a missing sidecar, and a put restores it', async () => {
    rmSync(sidecarPath())
    await expect(store.get(id)).rejects.toBeInstanceOf(AttachmentMissingMetaError)
    await expect(store.stat(id)).rejects.toBeInstanceOf(AttachmentMissingMetaError)
    await store.put(bytes, meta)
    expect((await store.get(id)).bytes).toEqual(bytes)
  })

  test('a sidecar without bytes is no blob, and a put completes it', async () => {
    rmSync(blobPath())
    await expect(store.get(id)).rejects.toBeInstanceOf(AttachmentNotFoundError)
    expect(await store.stat(id)).toBeUndefined()
    expect(await listed()).toEqual([])
    await store.put(bytes, meta)
    expect((await store.get(id)).bytes).toEqual(bytes)
  })

  test('bytes of a wrong length are corrupt, and a put replaces them', async () => {
    for (const damaged of [bytes.subarray(1), new Uint8Array(), new Uint8Array(100)]) {
      writeFileSync(blobPath(), damaged)
      await expect(store.get(id)).rejects.toBeInstanceOf(AttachmentCorruptError)
      await expect(store.stream(id, { start: 0, end: 1 })).rejects.toBeInstanceOf(AttachmentCorruptError)
      await store.put(bytes, meta)
      expect((await store.get(id)).bytes).toEqual(bytes)
    }
  })

  test('a sidecar that disagrees with the length is replaced', async () => {
    write({ ...good, byte_len: 3 })
    await expect(store.get(id)).rejects.toBeInstanceOf(AttachmentCorruptError)
    await store.put(bytes, meta)
    expect((await store.get(id)).bytes).toEqual(bytes)
  })
})

test.each([1_000_000, 32_000_000])('a get of %d bytes ends when it is aborted, and reads no further', async length => {
  const big = contentId(new Uint8Array(length))
  await store.put(new Uint8Array(length), meta)
  const abort = new AbortController()
  const getting = store.get(big, { signal: abort.signal, verify: false })
  // The first read is under way, in another thread.
  process.nextTick(() => abort.abort(new Error('changed my mind')))
  const outcome = getting.then(
    () => 'resolved',
    (error: Error) => error.message,
  )
  expect(await outcome).toBe('changed my mind')
  expect((await store.get(big)).bytes.byteLength).toBe(length)
})

test.skipIf(process.platform !== 'linux')('hundreds of puts at once do not open as many files', async () => {
  const puts = Array.from({ length: 400 }, (_none, index) => store.put(new TextEncoder().encode(`${index}`), meta))
  await puts[0]
  expect(readdirSync('/proc/self/fd').length).toBeLessThan(250)
  await Promise.all(puts)
  expect((await listed()).length).toBe(400)
})

test('a folder in the place of bytes is an I/O error', async () => {
  await store.put(bytes, meta)
  rmSync(blobPath())
  mkdirSync(blobPath())
  for (const call of [
    () => store.get(id),
    () => store.stat(id),
    () => store.put(bytes, meta),
    () => store.delete(id, { generation: 0 }),
  ]) {
    await expect(call()).rejects.toBeInstanceOf(AttachmentIoError)
  }
  expect(await listed()).toEqual([])
})

describe('roots', () => {
  test('a root that is a file is an I/O error with its path', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, 'x')
    const wrong = new FileAttachmentStore(file)
    for (const call of [
      () => wrong.put(bytes, meta),
      () => wrong.get(id),
      () => wrong.stat(id),
      () => wrong.delete(id),
    ]) {
      const error = await call().then(
        () => undefined,
        reason => reason,
      )
      expect(error).toBeInstanceOf(AttachmentIoError)
      expect(error.path).toContain(file)
      expect(error.message).toContain('a file')
    }
    expect(readFileSync(file, 'utf8')).toBe('x')
    await wrong.close()
  })

  test('a root below a file is an I/O error, not an empty store', async () => {
    writeFileSync(join(folder, 'file'), 'x')
    const wrong = new FileAttachmentStore(join(folder, 'file', 'root'))
    await expect(wrong.get(id)).rejects.toBeInstanceOf(AttachmentIoError)
    await expect(wrong.put(bytes, meta)).rejects.toBeInstanceOf(AttachmentIoError)
    await wrong.close()
  })
})
