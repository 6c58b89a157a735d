import { contentId } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { runChild } from '../children/run-child.ts'
import { newPath } from '../folder.ts'

test('processes that open a new database at once all find its tables and lose nothing', async () => {
  const path = await newPath()
  const names = ['one', 'two', 'three', 'four']
  const children = await Promise.all(names.map(name => runChild('first-open.ts', path, name)))
  for (const child of children) expect(child.code, child.output).toBe(0)

  const attachments = openSqliteAttachments(path)
  const { store, manifest } = attachments
  onTestFinished(() => attachments.close())
  const shared = contentId(new TextEncoder().encode('shared'))
  for (const [index, name] of names.entries()) {
    const id = children[index]?.output.trim() as string
    expect(new TextDecoder().decode((await store.get(id)).bytes)).toBe(name)
    for (const held of [id, shared]) {
      expect(await manifest.lookup(name, held)).toMatchObject({ generation: 0, committedAtEpochMs: expect.any(Number) })
    }
  }
  expect(await Array.fromAsync(store.list())).toHaveLength(5)
})

test('instances in one process that open a new database at once all work', async () => {
  const path = await newPath()
  const opened = Array.from({ length: 5 }, () => openSqliteAttachments(path))
  onTestFinished(async () => {
    await Promise.all(opened.map(each => each.close()))
  })
  const bytes = (index: number) => new Uint8Array(400_000).fill(index)
  const meta = { mediaType: 'application/octet-stream' }
  const refs = await Promise.all(opened.map(({ store }, index) => store.put(bytes(index), meta)))
  for (const { store } of opened) {
    for (const [index, { id }] of refs.entries()) {
      expect(Buffer.compare((await store.get(id)).bytes, bytes(index))).toBe(0)
    }
  }
})
