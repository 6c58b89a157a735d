import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AttachmentListing,
  type AttachmentStore,
  contentId,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest, SqliteAttachmentStore } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { lashAttachments } from '../command-line.ts'

const bodyOf = (seed: number) => new TextEncoder().encode(`blob ${seed}`)

async function keys(store: AttachmentStore): Promise<string[]> {
  const all: AttachmentListing[] = await Array.fromAsync(store.list())
  return all.map(({ id, generation, byteLength }) => `${id} ${generation} ${byteLength}`).sort()
}

test('a folder to a database: what is there with ids, generations and metadata, and again only what is new', async () => {
  const [root, path] = [newFolder(), join(newFolder(), 'target.db')]
  await using source = new FileAttachmentStore(root)
  for (let seed = 0; seed < 5; seed++) {
    await source.put(bodyOf(seed), { mediaType: 'text/plain', label: `${seed}.txt` }, { generation: seed % 2 })
  }
  const args = ['copy', '--store', `file:${root}`, '--to', `sqlite:${path}`]
  expect(await lashAttachments(args)).toEqual({
    code: 0,
    signal: null,
    stdout: 'listedCount\t5\ncopiedCount\t5\ncopiedByteLength\t30\npresentCount\t0\nfailedCount\t0\n',
    stderr: '',
  })
  await source.put(bodyOf(5), { mediaType: 'text/plain' })
  const dry = await lashAttachments([...args, '--dry-run', '--json'])
  expect(JSON.parse(dry.stdout)).toMatchObject({ listedCount: 6, copiedCount: 1, presentCount: 5, failures: [] })

  await using target = new SqliteAttachmentStore(path)
  expect(await keys(target)).toHaveLength(5)
  expect(await lashAttachments(args)).toMatchObject({ code: 0 })
  expect(await keys(target)).toEqual(await keys(source))
  expect((await target.get(contentId(bodyOf(3)), { generation: 1 })).meta.label).toBe('3.txt')
})

test('what is damaged is named and not copied, and the exit code is 1', async () => {
  const [root, to] = [newFolder(), newFolder()]
  await using source = new FileAttachmentStore(root)
  const [whole, { id }] = [
    await source.put(bodyOf(1), { mediaType: 'a/b' }),
    await source.put(bodyOf(2), { mediaType: 'a/b' }),
  ]
  truncateSync(join(root, 'sha256', id.slice(0, 2), id), 1)
  const { code, stdout, stderr } = await lashAttachments(['copy', '--store', `file:${root}`, '--to', `file:${to}`])
  expect(code).toBe(1)
  expect(stdout).toContain('failedCount\t1\n')
  expect(stderr).toMatch(new RegExp(`^error: ${id} at generation 0: .+\n$`))
  await using target = new FileAttachmentStore(to)
  expect(await keys(target)).toEqual([`${whole.id} 0 6`])
})

test('with its manifest, once all of the bytes are there', async () => {
  const [folder, to] = [newFolder(), newFolder()]
  await using store = new FileAttachmentStore(join(folder, 'bytes'))
  await using manifest = new SqliteAttachmentManifest(join(folder, 'refs.db'))
  const session = new SessionScopedAttachmentStore(store, manifest, 'chat-1')
  const ref = await session.put(bodyOf(1), { mediaType: 'a/b' })
  await session.commit()
  const damaged = await store.put(bodyOf(2), { mediaType: 'a/b' })
  truncateSync(join(folder, 'bytes/sha256', damaged.id.slice(0, 2), damaged.id), 1)
  const from = ['copy', '--store', `file:${folder}/bytes`, '--manifest', `sqlite:${folder}/refs.db`, '--json']
  const args = [...from, '--to', `file:${to}/bytes`, '--to-manifest', `sqlite:${to}/refs.db`]
  const refused = await lashAttachments(args)
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('the manifest was not copied') })
  await store.delete(damaged.id)
  const { code, stdout } = await lashAttachments(args)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ listedCount: 1, presentCount: 1, contentCount: 1, refCount: 1 })

  await using bytes = new FileAttachmentStore(join(to, 'bytes'))
  await using refs = new SqliteAttachmentManifest(join(to, 'refs.db'))
  const moved = new SessionScopedAttachmentStore(bytes, refs, 'chat-1')
  expect((await moved.get(ref.id)).bytes).toEqual(bodyOf(1))
  expect(await lashAttachments(args)).toMatchObject({ code: 2 })
})

test('without a target, or a dry run into nothing: 2, and nothing is made', async () => {
  const to = join(newFolder(), 'none')
  expect(await lashAttachments(['copy', '--store', 'memory:'])).toMatchObject({ code: 2 })
  const dry = await lashAttachments(['copy', '--store', 'memory:', '--to', `file:${to}`, '--dry-run'])
  expect(dry).toMatchObject({ code: 2, stderr: expect.stringContaining('there is nothing at') })
})
