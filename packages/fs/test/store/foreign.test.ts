import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { AttachmentIoError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { newFolder } from '@lash/attachments-testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { meta } from '../children/bodies.ts'

/*
 * What others keep, or leave behind, in the folders of a root.
 */

const bytes = new Uint8Array([1, 2, 3])
const id = contentId(bytes)
const writer = '4711-1-0000000000000000-00000000'
let folder: string
let root: string
let store: FileAttachmentStore

beforeEach(() => {
  folder = newFolder()
  root = join(folder, 'root')
  store = new FileAttachmentStore(root)
})

afterEach(() => store.close())

const shardFolder = (): string => join(root, 'sha256', id.slice(0, 2))

async function listed(prefix?: string): Promise<string[]> {
  const ids: string[] = []
  for await (const blob of store.list(prefix === undefined ? {} : { prefix })) ids.push(blob.id)
  return ids
}

/** Makes a file below the root; the file and the folders above it are two days old. */
function plantOld(...path: string[]): string {
  const file = join(root, ...path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'of somebody else')
  const then = Date.now() / 1000 - 48 * 3600
  for (let one = file; one !== root; one = dirname(one)) utimesSync(one, then, then)
  return file
}

/** Does everything that a store does in `tmp`: a put, the sweep after the first put, a removal. */
async function work(): Promise<void> {
  const worker = new FileAttachmentStore(root)
  await worker.put(bytes, meta)
  await worker.delete(id)
  await worker.close()
}

describe('in tmp', () => {
  test.each([
    ['a file', ['upload.part']],
    ['a file that lies deep', ['project', 'src', 'deep', 'main.c']],
    ['a file in a folder whose name is nearly that of a writer', [`${writer}0`, 'notes']],
    ['a file of another tool in a folder of ours', [writer, 'notes']],
    ['a folder of another tool in a folder of ours', [writer, 'spool-1', 'notes']],
    ['a staged file that belongs to no writer', [`${id}~1`]],
    ['a staged file of a folder that is no writer', ['project', `${id}~1`]],
    ['a file in a folder of removing that is no mark', ['removing', 'x', 'notes']],
    ['a sidecar in a folder of removing that is no mark', ['removing', 'x', 'sidecar']],
    ['a file in removing', ['removing', 'notes.names']],
    ['a file in a mark', ['removing', `${writer}-1`, 'notes']],
    ['a file in a mark of one name', ['removing', `${id.replace(/^./, 'f')}~${writer}-1`, 'notes']],
  ])('%s stays, however old it is', async (_title, path) => {
    const file = plantOld('tmp', ...path)
    await work()
    expect(readFileSync(file, 'utf8')).toBe('of somebody else')
  })

  test('what a link leads to stays', async () => {
    const file = plantOld('elsewhere', 'spool-1')
    const target = dirname(file)
    mkdirSync(join(root, 'tmp', 'removing'), { recursive: true })
    for (const link of [writer, join('removing', `${writer}-1`)]) symlinkSync(target, join(root, 'tmp', link))
    await work()
    expect(readdirSync(target)).toEqual(['spool-1'])
  })

  test('what stops the sweep of one leftover does not stop that of another', async () => {
    plantOld('tmp', '4711-1-0000000000000000-00000000', 'notes')
    plantOld('tmp', '4711-1-0000000000000000-22222222', 'spool-1')
    plantOld('tmp', 'removing', '4711-1-0000000000000000-00000000-1', 'notes')
    plantOld('tmp', 'removing', '4711-1-0000000000000000-22222222-1', 'sidecar')
    await work()
    expect(readdirSync(join(root, 'tmp')).filter(name => name.includes('22222222'))).toEqual([])
    expect(readdirSync(join(root, 'tmp', 'removing'))).toEqual(['4711-1-0000000000000000-00000000-1'])
  })

  test('a file in a mark that lists the name of a put is an I/O error that says where it is', async () => {
    const mark = dirname(plantOld('tmp', 'removing', `${writer}-1`, 'notes'))
    writeFileSync(`${mark}.names`, `\n${id}\n`)
    const error = await store.put(bytes, meta).catch(reason => reason)
    expect(error).toBeInstanceOf(AttachmentIoError)
    expect(error).toMatchObject({ path: mark, message: expect.stringContaining('move it away') })
    unlinkSync(join(mark, 'notes'))
    await store.put(bytes, meta)
    expect((await store.get(id)).bytes).toEqual(bytes)
  })
})

test('a file in the place of removing is an I/O error of a removal, which says what it could not do', async () => {
  await store.put(bytes, meta)
  writeFileSync(join(root, 'tmp', 'removing'), 'x')
  await expect(store.delete(id)).rejects.toThrow(
    /cannot mark a removal by the folder .*; a part of this path is a file/,
  )
  await store.put(bytes, meta)
  expect((await store.get(id)).bytes).toEqual(bytes)
})

describe('in sha256', () => {
  const sidecarPath = (): string => join(shardFolder(), `${id}.json`)

  test('a folder in the place of a sidecar stays where it is', async () => {
    await store.put(bytes, meta)
    unlinkSync(sidecarPath())
    mkdirSync(sidecarPath())
    writeFileSync(join(sidecarPath(), 'notes'), 'of somebody else')
    for (const call of [() => store.put(bytes, meta), () => store.delete(id), () => store.put(bytes, meta)]) {
      const error = await call().catch(reason => reason)
      expect(error).toBeInstanceOf(AttachmentIoError)
      expect(error).toMatchObject({ path: sidecarPath(), message: expect.stringContaining('move it away') })
    }
    expect(readFileSync(join(sidecarPath(), 'notes'), 'utf8')).toBe('of somebody else')
    rmSync(sidecarPath(), { recursive: true })
    await store.put(bytes, meta)
    expect((await store.get(id)).bytes).toEqual(bytes)
  })

  test.skipIf(process.platform === 'win32')(
    'a pipe in the place of a sidecar is no sidecar, and a put replaces it',
    async () => {
      await store.put(bytes, meta)
      unlinkSync(sidecarPath())
      execFileSync('mkfifo', [sidecarPath()])
      await expect(store.get(id)).rejects.toMatchObject({ code: 'metadata_decode' })
      await store.put(bytes, meta)
      expect((await store.get(id)).bytes).toEqual(bytes)
    },
  )

  const other = `${id.slice(0, 2)}${'0'.repeat(62)}`

  test('what is no regular file does not stop a listing', async () => {
    await store.put(bytes, meta)
    symlinkSync(other, join(shardFolder(), other))
    symlinkSync('nowhere', join(shardFolder(), other.replace(/.$/, '1')))
    symlinkSync(folder, join(shardFolder(), other.replace(/.$/, '2')))
    symlinkSync(join(shardFolder(), id, 'x'), join(shardFolder(), other.replace(/.$/, '3')))
    expect(await listed()).toEqual([id])
    expect(await listed(id.slice(0, 3))).toEqual([id])
  })

  test('what is no folder does not stop a listing', async () => {
    await store.put(bytes, meta)
    const [file = '', loop = '', nowhere = ''] = ['00', '01', '02', '03'].filter(name => !id.startsWith(name))
    writeFileSync(join(root, 'sha256', file), 'x')
    symlinkSync(loop, join(root, 'sha256', loop))
    symlinkSync('nowhere', join(root, 'sha256', nowhere))
    expect(await listed()).toEqual([id])
    for (const prefix of [file, loop, nowhere]) expect(await listed(prefix)).toEqual([])
  })

  test('a link to the bytes is listed, as it is read', async () => {
    await store.put(bytes, meta)
    const path = join(shardFolder(), id)
    writeFileSync(join(folder, 'moved'), readFileSync(path))
    unlinkSync(path)
    symlinkSync(join(folder, 'moved'), path)
    expect((await store.get(id)).bytes).toEqual(bytes)
    expect(await listed()).toEqual([id])
  })

  test('a root that is a file, or lies below one, is an I/O error for a listing', async () => {
    writeFileSync(join(folder, 'file'), 'x')
    for (const wrong of [join(folder, 'file'), join(folder, 'file', 'root')]) {
      const at = new FileAttachmentStore(wrong)
      for (const prefix of ['', id.slice(0, 2)]) {
        const next = at.list({ prefix })[Symbol.asyncIterator]().next()
        await expect(next).rejects.toBeInstanceOf(AttachmentIoError)
      }
      await at.close()
    }
  })
})
