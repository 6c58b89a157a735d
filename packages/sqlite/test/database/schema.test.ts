import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AttachmentBackendError, AttachmentIoError, AttachmentSchemaError } from '@lash/attachments-core'
import { openSqliteAttachments, SqliteAttachmentManifest, SqliteAttachmentStore } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { newPath, rawDatabase } from '../folder.ts'

const meta = { mediaType: 'text/plain' }

function thrownBy(open: () => unknown): unknown {
  try {
    open()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test('a file of ours is marked as ours, with its schema version, and is in WAL mode', async () => {
  const path = newPath()
  const store = new SqliteAttachmentStore({ path })
  await store.put(new Uint8Array(3), meta)
  await store.close()
  const raw = rawDatabase(path)
  expect(raw.pragma('user_version', { simple: true })).toBe(2)
  expect(raw.pragma('application_id', { simple: true })).toBe(0x4c415348)
  expect(raw.pragma('journal_mode', { simple: true })).toBe('wal')
})

test('either of store and manifest may make the file, and the other opens it', async () => {
  const path = newPath()
  const manifest = new SqliteAttachmentManifest({ path })
  const store = new SqliteAttachmentStore({ path })
  const { id } = await store.put(new Uint8Array(3), meta)
  const intent = { attachmentId: id, sessionId: 's', canonicalUri: `sha256:${id}`, byteLength: 3, intentAtEpochMs: 1 }
  expect(await manifest.recordIntent(intent)).toBe(0)
  await store.close()
  await manifest.commitRefs('s', [id])
  await manifest.close()
  const both = openSqliteAttachments(path)
  onTestFinished(() => both.close())
  expect(await both.manifest.lookup('s', id)).toMatchObject({ committedAtEpochMs: expect.any(Number) })
  expect((await both.store.get(id)).bytes).toEqual(new Uint8Array(3))
})

test('a newer schema is refused, by the mark of the file or by our own table', async () => {
  for (const newer of ['PRAGMA user_version = 99', 'UPDATE lash_attachments_schema SET version = 99']) {
    const path = newPath()
    await new SqliteAttachmentStore({ path }).close()
    rawDatabase(path).exec(newer)
    const error = thrownBy(() => new SqliteAttachmentManifest({ path }))
    expect(AttachmentSchemaError.isInstance(error)).toBe(true)
    expect(String(error)).toContain('version 99')
  }
})

test.each([['CREATE TABLE mine (x)'], ['PRAGMA application_id = 7'], ['PRAGMA user_version = 7']])(
  'a database of another application is refused and not touched (%s)',
  async statement => {
    const path = newPath()
    const raw = rawDatabase(path)
    raw.exec(statement)
    const before = raw.serialize()
    const error = thrownBy(() => new SqliteAttachmentStore({ path }))
    expect(AttachmentSchemaError.isInstance(error)).toBe(true)
    expect(String(error)).toContain('pass your open handle as { database }')
    expect(raw.serialize().equals(before)).toBe(true)
  },
)

test('our tables in a database of a host can be opened by path as well', async () => {
  const path = newPath()
  const host = rawDatabase(path)
  host.exec('CREATE TABLE mine (x)')
  const guest = new SqliteAttachmentStore({ database: host })
  const { id } = await guest.put(new Uint8Array(3), meta)
  await guest.close()
  const store = new SqliteAttachmentStore({ path })
  onTestFinished(() => store.close())
  expect((await store.get(id)).bytes).toEqual(new Uint8Array(3))
  expect(host.pragma('journal_mode', { simple: true })).toBe('delete')
})

test('a path that is no database, or cannot be a file, is a clear error', async () => {
  const folder = newFolder()
  const text = join(folder, 'text')
  await writeFile(text, 'this is not a database, it is a text that is long enough to be looked at'.repeat(20))
  const notOne = thrownBy(() => new SqliteAttachmentStore({ path: text }))
  expect(AttachmentSchemaError.isInstance(notOne)).toBe(true)
  expect(String(notOne)).toContain('is not an SQLite database')

  await mkdir(join(folder, 'directory'))
  for (const path of [join(folder, 'directory'), join(text, 'below.db')]) {
    const error = thrownBy(() => new SqliteAttachmentStore({ path }))
    expect(AttachmentIoError.isInstance(error), String(error)).toBe(true)
    expect((error as AttachmentIoError).path).toContain(folder)
  }
})

test('bad options are refused', () => {
  const database = new Database(':memory:')
  expect(() => new SqliteAttachmentStore({})).toThrow('give either { path } or { database }')
  expect(() => new SqliteAttachmentStore({ path: ':memory:', database })).toThrow('give either')
  expect(() => new SqliteAttachmentStore({ path: '' })).toThrow('path must be')
  expect(() => new SqliteAttachmentStore({ path: 'a\0b' })).toThrow('path must be')
  expect(() => new SqliteAttachmentStore({ path: ':memory:', busyTimeoutMs: -1 })).toThrow('busyTimeoutMs')
  database.close()
  expect(() => new SqliteAttachmentStore({ database })).toThrow('the database handle is closed')
})

test('a lock that lasts is an error that names the file, and waiting does not block the event loop', async () => {
  const path = newPath()
  const store = new SqliteAttachmentStore({ path, busyTimeoutMs: 1000 })
  onTestFinished(() => store.close())
  const raw = rawDatabase(path)
  raw.exec('BEGIN IMMEDIATE')
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const error = await store.put(new Uint8Array(3), meta).catch((caught: unknown) => caught)
  clearInterval(timer)
  expect(AttachmentBackendError.isInstance(error)).toBe(true)
  expect(String(error)).toContain(`${path} stayed locked for 1000 ms`)
  expect(turns).toBeGreaterThan(5)
  raw.exec('ROLLBACK')
  await store.put(new Uint8Array(3), meta)
})

test('a read-only handle reads, and refuses to write', async () => {
  const path = newPath()
  const writer = new SqliteAttachmentStore({ path })
  const { id } = await writer.put(new Uint8Array(3), meta)
  await writer.close()
  const database = new Database(path, { readonly: true })
  const store = new SqliteAttachmentStore({ database })
  onTestFinished(async () => {
    await store.close()
    database.close()
  })
  expect((await store.get(id)).bytes).toEqual(new Uint8Array(3))
  const error = await store.put(new Uint8Array(4), meta).catch((caught: unknown) => caught)
  expect(AttachmentIoError.isInstance(error), String(error)).toBe(true)
  expect(String(error)).toContain('is read-only')
})

test('a database that another process makes while this one looks at it is not taken for a foreign one', async () => {
  const path = newPath()
  const { prepare } = Database.prototype
  let looks = 0
  for (let look = 0, met = true; met; look++) {
    met = false
    looks = 0
    const spy = vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql) {
      if (looks++ === look) {
        met = true
        spy.mockImplementation(prepare)
        makeUnlessLocked(`${path}-${look}`)
      }
      return prepare.call(this, sql)
    })
    try {
      await openSqliteAttachments(`${path}-${look}`).close()
    } finally {
      spy.mockRestore()
    }
  }
  expect(looks).toBeGreaterThan(3)
})

/** As another process does, which waits while the one that looks has a lock. */
function makeUnlessLocked(path: string): void {
  try {
    void openSqliteAttachments({ path, busyTimeoutMs: 1 }).close()
  } catch (error) {
    if (!AttachmentBackendError.isInstance(error)) throw error
  }
}
