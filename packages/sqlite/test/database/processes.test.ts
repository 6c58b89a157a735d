import { contentId } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { linesOf } from '@lash/attachments-testing'
import { expect, onTestFinished, test } from 'vitest'
import { newPath } from '../folder.ts'

test('processes that open a new database at once all find its tables and lose nothing', async () => {
  const path = newPath()
  const names = ['one', 'two', 'three', 'four']
  const child = new URL('../children/first-open.ts', import.meta.url)
  const printed = await Promise.all(names.map(name => linesOf(child, [path, name])))

  const attachments = openSqliteAttachments(path)
  const { store, manifest } = attachments
  onTestFinished(() => attachments.close())
  const shared = contentId(new TextEncoder().encode('shared'))
  for (const [index, name] of names.entries()) {
    const [id = ''] = printed[index] ?? []
    expect(new TextDecoder().decode((await store.get(id)).bytes)).toBe(name)
    for (const held of [id, shared]) {
      expect(await manifest.lookup(name, held)).toMatchObject({ generation: 0, committedAtEpochMs: expect.any(Number) })
    }
  }
  expect(await Array.fromAsync(store.list())).toHaveLength(5)
})

test('instances in one process that open a new database at once all work', async () => {
  const path = newPath()
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
