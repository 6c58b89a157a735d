import { readdir } from 'node:fs/promises'
import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { newFolder } from '@lash/attachments-testing'
import { expect, onTestFinished, test } from 'vitest'

test.each<[string, (root: string) => FileAttachmentStore]>([
  ['a root', root => new FileAttachmentStore(root)],
  ['a root and options', root => new FileAttachmentStore(root, { durability: 'relaxed' })],
  ['options', root => new FileAttachmentStore({ root, durability: 'relaxed' })],
])('is opened by %s', async (_form, open) => {
  const root = newFolder()
  const store = open(root)
  onTestFinished(() => store.close())
  expect(store.root).toBe(root)
  await store.put(Buffer.from('bytes'), { mediaType: 'text/plain' })
  expect(await readdir(root)).toContain('sha256')
})

test.each<[string, (root: string) => FileAttachmentStore]>([
  ['beside a root', root => new FileAttachmentStore(root, { maxByteLength: 1 })],
  ['in one object', root => new FileAttachmentStore({ root, maxByteLength: 1 })],
])('an option holds %s', async (_form, open) => {
  const store = open(newFolder())
  onTestFinished(() => store.close())
  await expect(store.put(Buffer.from('bytes'), { mediaType: 'text/plain' })).rejects.toMatchObject({
    code: 'too_large',
  })
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['an empty path', ''],
  ['options without a root', { durability: 'full' }],
  ['a root with a NUL', { root: 'a\0' }],
  ['a durability that is not known', { root: 'a', durability: 'some' }],
])('%s is refused', (_what, given) => {
  expect(() => new FileAttachmentStore(given as string)).toThrow(AttachmentInvalidArgumentError)
})
