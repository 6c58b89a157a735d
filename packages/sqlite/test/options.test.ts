import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import * as main from '@lash/attachments-sqlite'
import { openSqliteAttachments, SqliteAttachmentManifest, SqliteAttachmentStore } from '@lash/attachments-sqlite'
import * as subpath from '@lash/attachments-sqlite/session-factory'
import { newFolder } from '@lash/attachments-testing'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { newPath } from './folder.ts'

const meta = { mediaType: 'text/plain' }
const limit = { maxByteLength: 1 }

describe('a path, or an object of options', () => {
  test.each<[string, (path: string) => SqliteAttachmentStore]>([
    ['a path', path => new SqliteAttachmentStore(path)],
    ['options', path => new SqliteAttachmentStore({ path })],
    ['a path and options', path => new SqliteAttachmentStore(path, { blobProfile: 'compact' })],
    ['an object and options', path => new SqliteAttachmentStore({ path }, { blobProfile: 'compact' })],
    ['a path, of both halves', path => openSqliteAttachments(path).store],
    ['options, of both halves', path => openSqliteAttachments({ path, blobProfile: 'compact' }).store],
  ])('opens a store: %s', async (_form, open) => {
    const path = newPath()
    const store = open(path)
    onTestFinished(() => store.close())
    const { id } = await store.put(Buffer.from('bytes'), meta)
    await using again = new SqliteAttachmentStore(path)
    expect(await again.get(id)).toMatchObject({ meta: { byteLength: 5 } })
  })

  test.each<[string, (path: string) => SqliteAttachmentStore]>([
    ['in one object', path => new SqliteAttachmentStore({ path, ...limit })],
    ['beside a path', path => new SqliteAttachmentStore(path, limit)],
    ['beside an object', path => openSqliteAttachments({ path }, limit).store],
    ['beside a handle', path => openSqliteAttachments({ database: new Database(path) }, limit).store],
  ])('every option holds: %s', async (_form, open) => {
    const store = open(newPath())
    onTestFinished(() => store.close())
    await expect(store.put(Buffer.from('bytes'), meta)).rejects.toMatchObject({ code: 'too_large' })
  })

  test.each<[string, (path: string) => SqliteAttachmentManifest]>([
    ['a path', path => new SqliteAttachmentManifest(path, { now: () => 7 })],
    ['options', path => new SqliteAttachmentManifest({ path, now: () => 7 })],
    ['both halves', path => openSqliteAttachments(path, { now: () => 7 }).manifest],
  ])('opens a manifest: %s', async (_form, open) => {
    const manifest = open(newPath())
    onTestFinished(() => manifest.close())
    const attachmentId = 'a'.repeat(64)
    const canonicalUri = `sha256:${attachmentId}`
    await manifest.recordIntent({ attachmentId, sessionId: 's', canonicalUri, byteLength: 3, intentAtEpochMs: 1 })
    await manifest.commitRefs('s', [attachmentId])
    expect(await manifest.lookup('s', attachmentId)).toMatchObject({ committedAtEpochMs: 7 })
  })

  test.each([undefined, null, 7])('%s is refused', given => {
    for (const open of [
      () => new SqliteAttachmentStore(given as never),
      () => new SqliteAttachmentManifest(given as never),
      () => openSqliteAttachments(given as never),
      () => new subpath.SqliteSessionFactory(given as never),
    ]) {
      expect(open).toThrow(AttachmentInvalidArgumentError)
    }
  })
})

test('big streams wait in the folder that is given for them', async () => {
  const directory = newFolder()
  await using store = new SqliteAttachmentStore(newPath(), { spool: { directory, memoryLimit: 1 } })
  const content = await store.prepare(new Blob(['spooled']).stream())
  expect(await readdir(directory)).toHaveLength(1)
  await content[Symbol.asyncDispose]()
  expect(await readdir(directory)).toEqual([])
})

test('the factory of sessions is a subpath, and the main entry has it too', async () => {
  expect(main.SqliteSessionFactory).toBe(subpath.SqliteSessionFactory)
  expect(main.SqliteSession).toBe(subpath.SqliteSession)
  const root = join(newFolder(), 'sessions')
  for (const factory of [new subpath.SqliteSessionFactory(root), new subpath.SqliteSessionFactory({ root })]) {
    expect(factory.root).toBe(root)
    await (await factory.create('a')).close()
  }
  const few = new subpath.SqliteSessionFactory({ root }, limit)
  await using session = await few.create('a')
  await expect(session.put(Buffer.from('bytes'), meta)).rejects.toMatchObject({ code: 'too_large' })
})
