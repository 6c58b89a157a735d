import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import Sqlite from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { examineSqlite } from '../../src/doctor/backends/sqlite-file.ts'
import { examineFolder, fileSystemFinding, spaceFinding } from '../../src/doctor/disk.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { examineMachine, openFilesFinding, threadPoolFinding } from '../../src/doctor/machine.ts'
import { tryManifest } from '../../src/doctor/manifest-round-trip.ts'
import { clockFinding, tryStore } from '../../src/doctor/round-trip.ts'

const never = new AbortController().signal
const levels = (findings: readonly Finding[]) => Object.fromEntries(findings.map(({ check, level }) => [check, level]))
const whole = { 'round trip': 'ok', listing: 'ok', clock: 'ok', deletion: 'ok' }

test('a folder that will be made, and the store in it', async () => {
  const folder = join(newFolder(), 'not', 'there')
  expect(levels(await examineFolder(folder))).toMatchObject({ rights: 'ok' })
  await using store = new FileAttachmentStore(folder)
  expect(levels(await tryStore(store, never))).toMatchObject({ ...whole, durability: 'ok' })
  expect(await Array.fromAsync(store.list())).toEqual([])
})

test.each([
  [undefined, 'note', ' 4 files'],
  ['8', 'note', ' 8 files'],
  ['many', 'note', ' 1 files'],
  ['16', 'ok', ' 16 files'],
  ['9999', 'ok', ' 1024 files'],
])('a thread pool of %s', (size, level, message) => {
  const found = threadPoolFinding(size)
  expect(found).toMatchObject({ check: 'thread pool', level, message: expect.stringContaining(message) })
  expect(found.advice?.includes('UV_THREADPOOL_SIZE=16') ?? false).toBe(level === 'note')
})

test('a store that ends with the process', async () => {
  await using memory = new InMemoryAttachmentStore()
  expect(levels(await tryStore(memory, never))).toMatchObject({ 'round trip': 'ok', durability: 'warning' })
})

test('a path that is below a file, and a store that is closed', async () => {
  const below = join(newFolder(), 'a.db')
  new Sqlite(below).exec('CREATE TABLE t (a)').close()
  expect(levels(await examineFolder(join(below, 'store')))).toEqual({ folder: 'problem' })
  const store = new FileAttachmentStore(newFolder())
  await store.close()
  const findings = await tryStore(store, never)
  expect(levels(findings)).toMatchObject({ 'round trip': 'problem', deletion: 'problem' })
})

test.skipIf(process.getuid?.() === 0)('a folder that this process may not write', async () => {
  const folder = newFolder()
  chmodSync(folder, 0o500)
  expect(levels(await examineFolder(folder))).toMatchObject({ rights: 'problem' })
})

test('a database file of ours, and one of a host without WAL', async () => {
  const path = join(newFolder(), 'a.db')
  await using manifest = new SqliteAttachmentManifest(path)
  expect(levels(await tryManifest(manifest))).toMatchObject({ refs: 'ok' })
  const readers = new Sqlite(path, { readonly: true })
  const host = new Sqlite(join(newFolder(), 'host.db'))
  onTestFinished(() => {
    readers.close()
    host.close()
  })
  expect(levels(await examineSqlite(readers))).toEqual({ 'journal mode': 'ok', log: 'ok', file: 'ok' })
  expect(levels(await examineSqlite(host))).toMatchObject({ 'journal mode': 'warning' })
})

test('a database file most of which is empty', async () => {
  const database = new Sqlite(join(newFolder(), 'a.db'))
  onTestFinished(() => void database.close())
  database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(70000000)); DROP TABLE t')
  expect(levels(await examineSqlite(database))).toMatchObject({ file: 'note' })
})

test('file systems by their number', () => {
  const levelOf = (type: number, platform = 'linux') => fileSystemFinding('/data', type, platform).level
  expect(levelOf(0xef53)).toBe('ok')
  expect(levelOf(0x6969)).toBe('problem')
  expect(levelOf(0xfe534d42)).toBe('problem')
  expect(levelOf(0x01021994)).toBe('warning')
  expect(levelOf(0x794c7630)).toBe('warning')
  expect(levelOf(0x65735546)).toBe('note')
  expect(levelOf(0x6969, 'darwin')).toBe('note')
})

test('space, open files and clocks have their limits', async () => {
  const GiB = 1024 ** 3
  const space = (free: number, total: number) => spaceFinding('space', '/data', { free, total }).level
  expect([space(GiB, 10 * GiB), space(GiB - 1, 10 * GiB)]).toEqual(['ok', 'warning'])
  expect([space(5 * GiB, 100 * GiB), space(4 * GiB, 100 * GiB)]).toEqual(['ok', 'warning'])
  expect([space(20 * GiB, 10_000 * GiB), space(19 * GiB, 10_000 * GiB)]).toEqual(['ok', 'warning'])
  expect(openFilesFinding(1024).advice).toContain('ulimit')
  expect(openFilesFinding('unlimited').level).toBe('ok')
  const skew = (theirs: number) => clockFinding('of the store', theirs, 100_000, 101_000)
  expect([skew(95_000), skew(100_500), skew(106_000)].map(({ level }) => level)).toEqual(['ok', 'ok', 'ok'])
  expect(skew(94_000).message).toContain('6 s behind')
  expect(skew(200_000).message).toContain('99 s ahead of')
  expect(levels(await examineMachine())).toHaveProperty('open files')
})
