import { AttachmentIoError, contentId } from '@lash/attachments-core'
import { openSqliteAttachments, SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { newPath, rawDatabase } from '../folder.ts'
import { intentOf } from '../intent.ts'

const idAt = (index: number) => contentId(Buffer.from(`body ${index}`))
const all = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 10_000 }
const open = (path: string) => new SqliteAttachmentManifest(path, { tombstoneRetentionMs: 0 })

/** Gives the content out once, and forgets it: with a retention of 0, the settlement purges what it has settled. */
async function purge(manifest: SqliteAttachmentManifest, id: string): Promise<void> {
  await manifest.recordIntent(intentOf(id, 'purged'))
  await manifest.releaseRefs('purged')
  await manifest.settleClaims(await manifest.claimOrphans({ ...all, ids: [id] }))
}

test('the floor outlives the process, and content without a row keeps the generation of its refs', async () => {
  const path = newPath()
  const first = open(path)
  const [held, dropped, forgotten, released] = [idAt(0), idAt(1), idAt(2), idAt(3)]
  for (const id of [held, dropped, forgotten, released]) expect(await first.recordIntent(intentOf(id, 's'))).toBe(0)
  await first.releaseRefs('s', [released])
  await purge(first, idAt(9))
  await first.close()

  const manifest = open(path)
  onTestFinished(() => manifest.close())
  expect(await manifest.recordIntent(intentOf(idAt(8), 's'))).toBe(1)
  expect(await manifest.recordIntent(intentOf(held, 'other'))).toBe(0)
  expect(await manifest.recordIntent(intentOf(released, 'other'))).toBe(0)
  await manifest.commitRefs('s', [held])
  expect(await manifest.claimBlobs([{ id: held, generation: 0 }])).toEqual([])
  expect(await manifest.claimOrphans({ ...all, ids: [dropped] })).toMatchObject([{ generation: 0 }])
  // At 1: no higher than it must be, and above what was given out.
  await manifest.forget(forgotten)
  expect(await manifest.recordIntent(intentOf(forgotten, 's'))).toBe(1)
})

test('a purge of several raises the floor above all of them, and nothing lowers it', async () => {
  const path = newPath()
  const keeping = new SqliteAttachmentManifest(path)
  onTestFinished(() => keeping.close())
  const ids = Array.from({ length: 150 }, (_, index) => idAt(index))
  await Promise.all(ids.map(id => keeping.recordIntent(intentOf(id, 's'))))
  await keeping.releaseRefs('s')
  await keeping.settleClaims(await keeping.claimOrphans(all))
  const raw = rawDatabase(path)
  // The highest is among those that are purged first.
  raw.exec(`UPDATE lash_attachment_generations SET generation = 7, emptied_at = 1 WHERE id = unhex('${ids[5]}')`)
  const purging = open(path)
  onTestFinished(() => purging.close())
  const floor = () => raw.prepare('SELECT generation FROM lash_attachment_floor').pluck().all()
  const left = () => raw.prepare('SELECT count(*) FROM lash_attachment_generations').pluck().get()
  await purging.settleClaims([])
  expect([floor(), left()]).toEqual([[7], 50])
  await purging.settleClaims([])
  expect([floor(), left()]).toEqual([[7], 0])
})

test('a dry run takes no lock, writes nothing, and needs no permission to write', async () => {
  const path = newPath()
  const { manifest, close } = openSqliteAttachments(path, { busyTimeoutMs: 0 })
  onTestFinished(() => close())
  await manifest.recordIntent(intentOf(idAt(0), 's'))
  const blobs = [0, 1, 2].map(index => ({ id: idAt(index), generation: 0 }))
  const raw = rawDatabase(path)
  raw.exec('BEGIN IMMEDIATE')
  const expected = [{ attachmentId: idAt(1) }, { attachmentId: idAt(2) }]
  expect(await manifest.claimBlobs(blobs, { dryRun: true })).toMatchObject(expected)
  await expect(manifest.claimBlobs(blobs)).rejects.toThrow('stayed locked')
  raw.exec('ROLLBACK')
  expect(raw.prepare('SELECT count(*) FROM lash_attachment_generations').pluck().get()).toBe(0)

  const database = new Database(path, { readonly: true })
  const reader = new SqliteAttachmentManifest({ database })
  onTestFinished(async () => {
    await reader.close()
    database.close()
  })
  expect(await reader.claimBlobs(blobs, { dryRun: true })).toMatchObject(expected)
  expect(await reader.claimBlobs(blobs).catch((caught: unknown) => caught)).toBeInstanceOf(AttachmentIoError)
})
