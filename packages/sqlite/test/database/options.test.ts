import { existsSync } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AttachmentInvalidArgumentError, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments, SqliteAttachmentStore } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'

const meta = { mediaType: 'text/plain' }

test.each(['file', 'memory'] as const)('a host may have its integers as BigInt (%s)', async where => {
  const database = new Database(where === 'file' ? join(newFolder(), 'host.db') : ':memory:')
  onTestFinished(() => void database.close())
  database.pragma('journal_mode = WAL')
  database.defaultSafeIntegers(true)
  const { store, manifest, close } = openSqliteAttachments({ database })
  onTestFinished(() => close())
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  const one = await session.put(Buffer.from('one'), meta)
  manifest.commitRefsSync('session', [one])
  const two = await session.put(Buffer.alloc(2_000_000, 'two'), meta)
  await session.commit()
  for (const { id, byteLength } of [one, two]) {
    expect(await manifest.lookup('session', id)).toMatchObject({ committedAtEpochMs: expect.any(Number) })
    expect(await store.stat(id)).toMatchObject({ byteLength })
    expect((await session.get(id)).bytes).toHaveLength(byteLength)
  }
  expect(await session.put(Buffer.from('one'), meta)).toEqual(one)
  await session.delete(two.id)
  await session.release()
  expect(await manifest.claimOrphans({ olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 10 })).toHaveLength(1)
  // Tables that are there are opened too.
  await openSqliteAttachments({ database }).close()
  expect(database.prepare('SELECT 1').pluck().get()).toBe(1n)
})

test.each([
  ['a path that ends with a blank', 'a.db ', /ends with white space/],
  ['a path that ends with a line break', 'a.db\n', /ends with white space/],
  ['a folder', 'folder/', /ends with a separator/],
  ['a URI', 'file:a.db?mode=ro', /URI/],
  ['a URI in memory', 'file::memory:?cache=shared', /URI/],
  ['an empty path', '', /path must be/],
  ['NUL', 'a\0.db', /path must be/],
  ['a URL', new URL('file:///tmp/a.db') as unknown as string, /path must be/],
])('%s is refused, and nothing is made', async (_what, path, message) => {
  const folder = newFolder()
  const before = process.cwd()
  process.chdir(folder)
  try {
    for (const open of [() => new SqliteAttachmentStore({ path }), () => openSqliteAttachments({ path })]) {
      expect(open).toThrow(AttachmentInvalidArgumentError)
      expect(open).toThrow(message)
    }
  } finally {
    process.chdir(before)
  }
  expect(await readdir(folder)).toEqual([])
})

test("a host's handle stands for its open file, even when the working directory has changed", async () => {
  const [folder, elsewhere] = [await realpath(newFolder()), await realpath(newFolder())]
  const before = process.cwd()
  process.chdir(folder)
  onTestFinished(() => process.chdir(before))
  const database = new Database('host.db')
  onTestFinished(() => void database.close())
  process.chdir(elsewhere)
  const { store, close } = openSqliteAttachments({ database })
  onTestFinished(() => close())
  await store.put(Buffer.from('bytes'), meta)
  expect(database.prepare('SELECT count(*) FROM lash_attachment_blobs').pluck().get()).toBe(1)
  expect(existsSync(join(elsewhere, 'host.db'))).toBe(false)
})

test('a path stays what it was when the working directory changes', async () => {
  const [folder, elsewhere] = [newFolder(), newFolder()]
  const before = process.cwd()
  process.chdir(folder)
  onTestFinished(() => process.chdir(before))
  const { store, close } = openSqliteAttachments('own.db')
  onTestFinished(() => close())
  process.chdir(elsewhere)
  const { id } = await store.put(new Uint8Array(300_000), meta)
  expect((await store.get(id)).bytes).toHaveLength(300_000)
  expect(await readdir(elsewhere)).toEqual([])
})

/** Looks like the handle of `bun:sqlite`. */
class BunDatabase {
  readonly filename = 'app.db'
  readonly handle = 3
  query() {}
  prepare() {}
  transaction() {}
  static {
    Object.defineProperty(BunDatabase, 'name', { value: 'Database' })
  }
}

test.each<[string, () => unknown, RegExp]>([
  ['node:sqlite', () => new DatabaseSync(':memory:'), /DatabaseSync of node:sqlite/],
  ['bun:sqlite', () => new BunDatabase(), /Database of bun:sqlite/],
  ['a string', () => 'app.db', /a string/],
  ['null', () => null, /null/],
  ['the class', () => Database, /a function/],
  ['a plain object', () => ({}), /an Object/],
])('as a handle, %s is refused; the error says what was given and what is expected', (_what, given, message) => {
  const open = () => openSqliteAttachments({ database: given() as Database.Database })
  expect(open).toThrow(AttachmentInvalidArgumentError)
  expect(open).toThrow(message)
  expect(open).toThrow(/open handle of better-sqlite3.*\{ path \}/)
})
