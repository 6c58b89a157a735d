import { openSqliteAttachments } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { newPath, rawDatabase } from '../folder.ts'

const meta = { mediaType: 'application/octet-stream' }

test('a read sees what was committed before it was asked for, even beside an earlier read', async () => {
  const path = newPath()
  const { store, close } = openSqliteAttachments(path)
  onTestFinished(() => close())
  const raw = rawDatabase(path)
  const { id } = await store.put(new Uint8Array(3), { ...meta, label: 'old' })
  const earlier = store.stat(id)
  raw.exec(`UPDATE lash_attachment_blobs SET label = 'new'`)
  const later = store.stat(id)
  await earlier
  expect(await later).toMatchObject({ label: 'new' })
})

test('a read sees what the host has just committed on its own handle', async () => {
  const database = new Database(newPath())
  onTestFinished(() => void database.close())
  database.pragma('journal_mode = WAL')
  const { store, manifest, close } = openSqliteAttachments({ database })
  onTestFinished(() => close())
  const { id } = await store.put(new Uint8Array(3), meta)
  await manifest.recordIntent({
    attachmentId: id,
    sessionId: 'session',
    canonicalUri: `sha256:${id}`,
    byteLength: 3,
    intentAtEpochMs: 1,
  })
  const earlier = manifest.lookup('session', id)
  manifest.commitRefsSync('session', [id])
  const later = manifest.lookup('session', id)
  await earlier
  expect(await later).toMatchObject({ committedAtEpochMs: expect.any(Number) })
})

test('of reads that are asked for together, one that fails fails alone', async () => {
  const path = newPath()
  const { store, close } = openSqliteAttachments(path)
  onTestFinished(() => close())
  const refs = await Promise.all([1, 2].map(byte => store.put(new Uint8Array([byte]), meta)))
  const [one, two] = refs.map(({ id }) => id) as [string, string]
  // Only `stat` reads that table.
  rawDatabase(path).exec('DROP TABLE lash_attachment_chunks')
  const outcomes = await Promise.allSettled([store.get(one), store.stat(one), store.get(two)])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[1]).toMatchObject({ reason: { code: 'schema' } })
})
