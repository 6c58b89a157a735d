import { statSync } from 'node:fs'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { linesOf } from '@lash/attachments-testing'
import { expect, onTestFinished, test } from 'vitest'
import { newPath, rawDatabase } from '../folder.ts'

const meta = { mediaType: 'application/octet-stream' }
const megabyte = 1024 * 1024
/** 32 MiB, and as much as others write before a checkpoint gets its locks on a busy machine. */
const bound = 96 * megabyte

function logBytes(path: string): number {
  return statSync(`${path}-wal`).size
}

test('the log stays short while several processes write, however much they write', async () => {
  const path = newPath()
  const child = new URL('../children/fill.ts', import.meta.url)
  const printed = await Promise.all(['a', 'b', 'c'].map(name => linesOf(child, [path, name, '120'])))
  for (const [longest] of printed) expect(Number(longest)).toBeLessThan(bound)
})

test('a log that grew while a host read for long becomes short again once it has ended', async () => {
  const path = newPath()
  const { store, close } = openSqliteAttachments(path)
  onTestFinished(() => close())
  const bytes = Buffer.alloc(megabyte)
  let count = 0
  const put = async (megabytes: number) => {
    for (let index = 0; index < megabytes; index++) {
      bytes.writeUInt32LE(count++)
      await store.put(bytes, meta)
    }
  }
  await put(1)
  const host = rawDatabase(path)
  host.exec('BEGIN')
  host.prepare('SELECT count(*) FROM lash_attachment_blobs').get()
  await put(110)
  expect(logBytes(path)).toBeGreaterThan(bound)
  host.exec('COMMIT')
  await put(60)
  expect(logBytes(path)).toBeLessThan(bound)
})

test('the log of one writer is moved while it is written to, and begins anew before it is long', async () => {
  const path = newPath()
  const { store, close } = openSqliteAttachments(path)
  onTestFinished(() => close())
  const host = rawDatabase(path)
  const pageBytes = host.pragma('page_size', { simple: true }) as number
  const state = host.prepare('PRAGMA wal_checkpoint(NOOP)')
  const bytes = Buffer.alloc(megabyte)
  let wasMovedInPart = false
  // As much as a busy machine writes before a thread has started. What is deleted makes room for the next.
  for (let left = 2000; left > 0; left--) {
    bytes.writeUInt32LE(left)
    const { id } = await store.put(bytes, meta)
    await store.delete(id)
    const { log, checkpointed } = state.get() as { log: number; checkpointed: number }
    wasMovedInPart ||= checkpointed > 0 && checkpointed < log && log * pageBytes < 16 * megabyte
    if (wasMovedInPart) left = Math.min(left, 60)
  }
  expect(wasMovedInPart).toBe(true)
  expect(logBytes(path)).toBeLessThan(32 * megabyte)
})
