import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { meta } from '../children/bodies.ts'
import { below, makeMark, newRoot, outcomeOfGet } from '../root.ts'

let root: string

beforeEach(() => {
  root = newRoot()
})

describe('a removal and a write of the same name', () => {
  const bytes = new Uint8Array([1, 2, 3])
  const id = contentId(bytes)
  const shard = id.slice(0, 2)

  const other = contentId(new Uint8Array([4]))
  const unique = '4711-1-0000000000000000-00000000-1'

  test('the write takes away the mark of the removal, with the sidecar that it has taken', async () => {
    for (const taken of [false, true]) {
      const mark = makeMark(root, unique, [other, id])
      if (taken) writeFileSync(join(mark, 'sidecar'), '{}')
      const store = new FileAttachmentStore(root)
      await store.put(bytes, meta)
      expect(below(root, join('tmp', 'removing'))).toEqual([])
      expect(await outcomeOfGet(store, id)).toBe('whole')
      await store.delete(id)
      await store.close()
    }
  })

  test('the write leaves alone the mark of a removal of other names, and one whose list has only begun', async () => {
    const marks = [makeMark(root, unique, [other, `${id}.1`]), makeMark(root, '4711-1-0000000000000000-00000000-2', [])]
    writeFileSync(`${marks[1]}.names`, `\n${id}`)
    const store = new FileAttachmentStore(root)
    await store.put(bytes, meta)
    for (const mark of marks) expect(existsSync(mark)).toBe(true)
    await store.close()
  })

  test('the removal takes back what the write has staged, whoever the writer is', async () => {
    const store = new FileAttachmentStore(root)
    await store.put(bytes, meta)
    const writer = join(root, 'tmp', '4711-1-0000000000000000-00000000')
    mkdirSync(writer)
    for (const name of [`${id}~1`, `${id}.json~2`, `${id}.1~3`, `${other}~4`]) writeFileSync(join(writer, name), 'x')
    await store.delete(id)
    expect(readdirSync(writer).sort()).toEqual([`${id}.json~2`, `${id}.1~3`, `${other}~4`].sort())
    expect(readdirSync(join(root, 'sha256', shard))).toEqual([])
    await store.close()
  })
})
