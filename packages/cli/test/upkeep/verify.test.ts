import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { lashAttachments } from '../command-line.ts'

const meta = { mediaType: 'text/plain' }

/** A store of so many blobs of 1,000 bytes, and their ids in order. */
async function storeOf(blobs: number): Promise<{ root: string; ids: string[] }> {
  const root = newFolder()
  await using store = new FileAttachmentStore(root, { durability: 'relaxed' })
  const bodies = Array.from({ length: blobs }, (_, index) => new TextEncoder().encode(`${index}`.padEnd(1000)))
  for (const body of bodies) await store.put(body, meta)
  return { root, ids: bodies.map(contentId).sort() }
}

const pathOf = (root: string, id: string) => join(root, 'sha256', id.slice(0, 2), id)
const shorten = (root: string, id: string) => truncateSync(pathOf(root, id), 999)
function change(root: string, id: string): void {
  const path = pathOf(root, id)
  const bytes = readFileSync(path)
  bytes[0] = 0
  writeFileSync(path, bytes)
}

test('what is damaged, a line each, and 1; only below a prefix where one is given', async () => {
  const { root, ids } = await storeOf(40)
  const [one = '', other = ''] = [ids[3], ids[30]]
  shorten(root, one)
  change(root, other)
  const { code, stdout } = await lashAttachments(['verify', '--store', `file:${root}`])
  expect(code).toBe(1)
  expect(stdout.split('\n').map(line => line.split('\t').slice(0, 3).join(' '))).toEqual(
    [one, other].map(id => `${id} 0 corrupt`).concat(''),
  )
  const json = await lashAttachments(['verify', '--store', `file:${root}`, '--prefix', other.slice(0, 6), '--json'])
  expect(json).toMatchObject({ code: 1, stderr: '' })
  expect(JSON.parse(json.stdout)).toMatchObject({ checkedCount: 1, damaged: [{ id: other, code: 'corrupt' }] })
})

test('goes on where it was stopped, with what was found before, and keeps nothing when it is through', async () => {
  const { root, ids } = await storeOf(30)
  const damaged = ids.filter((_, index) => index % 10 === 0)
  for (const id of damaged) shorten(root, id)
  const file = join(newFolder(), 'verify.json')
  const use = join(import.meta.dirname, '..', 'children', 'waits-at.ts')
  const args = ['verify', '--store', `waits:${root}`, '--use', use, '--concurrency', '1', '--resume', file]
  const stopped = await lashAttachments(args, {
    env: { WAITS_AT: ids[15] },
    end: { with: 'SIGTERM', when: output => output.stdout.split('\n').length > 2 },
  })
  expect(stopped.signal).toBe('SIGTERM')
  const { after, checkedCount } = JSON.parse(readFileSync(file, 'utf8'))
  expect([11, 12, 13, 14, 15]).toContain(checkedCount)
  expect(after.id).toBe(ids[checkedCount - 1])

  const other = await lashAttachments([...args.slice(0, 2), 'memory:', ...args.slice(3)])
  expect(other.code).toBe(2)
  expect(other.stderr).toContain('give another file')

  const { code, stdout } = await lashAttachments(args)
  expect(code).toBe(1)
  expect(stdout.split('\n').map(line => line.slice(0, 64))).toEqual([...damaged, ''])
  expect(existsSync(file)).toBe(false)
})

test('what a session has: what is damaged or missing, and neither what it let go of nor what others have', async () => {
  const { root, ids } = await storeOf(1)
  const database = join(newFolder(), 'refs.db')
  await using store = new FileAttachmentStore(root, { durability: 'relaxed' })
  await using manifest = new SqliteAttachmentManifest(database)
  const session = new SessionScopedAttachmentStore(store, manifest, 'chat')
  const put = async (view: SessionScopedAttachmentStore, text: string) => {
    const ref = await view.put(new TextEncoder().encode(text), meta)
    await view.commit({ refs: [ref] })
    return ref
  }
  await put(session.withHolder('one'), 'whole')
  const damaged = await put(session.withHolder('two'), 'damaged')
  const missing = await put(session.withHolder('two'), 'missing')
  const released = await put(session, 'released')
  await session.release([released.id])
  for (const { id } of [damaged, { id: ids[0] ?? '' }]) change(root, id)
  for (const { id } of [missing, released]) await store.delete(id)

  const args = ['verify', '--store', `file:${root}`, '--manifest', `sqlite:${database}`, '--session', 'chat']
  const all = await lashAttachments(args)
  expect(all.code).toBe(1)
  const rows = all.stdout
    .trim()
    .split('\n')
    .map(line => line.split('\t').slice(0, 3).join(' '))
  expect(rows.sort()).toEqual([`${damaged.id} 0 corrupt`, `${missing.id} 0 not_found`].sort())
  expect(all.stderr).toContain('2 damaged')

  const one = await lashAttachments([...args, '--holder', 'one', '--json'])
  expect(one).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(one.stdout)).toEqual({ checkedCount: 1, byteLength: 5, damaged: [] })
})
