import { join } from 'node:path'
import { contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { lashAttachments } from '../command-line.ts'

const meta = { mediaType: 'text/plain', label: 'a label' }
const bodyOf = (name: string) => new TextEncoder().encode(name)

test('a copy at another generation is put again, what is lost is listed, and a dry run changes nothing', async () => {
  const folder = newFolder()
  await using store = new FileAttachmentStore(join(folder, 'bytes'))
  await using manifest = new SqliteAttachmentManifest(join(folder, 'refs.db'))
  const session = new SessionScopedAttachmentStore(store, manifest, 'chat-1')
  for (const name of ['whole', 'moved', 'lost']) await session.put(bodyOf(name), meta)
  await session.commit()
  const [moved, lost] = [contentId(bodyOf('moved')), contentId(bodyOf('lost'))]
  await store.put(bodyOf('moved'), meta, { generation: 7 })
  for (const id of [moved, lost]) await store.delete(id, { generation: 0 })

  const args = ['repair', '--store', `file:${folder}/bytes`, '--manifest', `sqlite:${folder}/refs.db`]
  const dry = await lashAttachments([...args, '--dry-run', '--json'])
  expect(dry.code).toBe(1)
  const listed = [expect.objectContaining({ attachmentId: lost, sessionId: 'chat-1' })]
  expect(JSON.parse(dry.stdout)).toEqual({ dryRun: true, checkedCount: 3, repairedCount: 1, lost: listed })
  expect(await store.stat(moved, { generation: 0 })).toBeUndefined()

  const { code, stdout, stderr } = await lashAttachments(args)
  expect(code).toBe(1)
  expect(stdout).toBe(`${lost}\t0\tchat-1\t\ta label\n`)
  expect(stderr).toBe('3 attachments, 1 put again, 1 ref lost\n')
  expect((await session.get(moved)).bytes).toEqual(bodyOf('moved'))
})
