import {
  contentId,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { openSqliteAttachments, SqliteAttachmentStore } from '@lash/attachments-sqlite'
import { linesOf } from '@lash/attachments-testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { newPath, rawDatabase } from '../folder.ts'
import { intentOf } from '../intent.ts'
import { idOf, migratedRefs, newVersion1, openPlace, type Place, written } from './version-1.ts'

const { chat, other, strange } = written.sessions
const places: readonly Place[] = ['a file of ours', "a host's database"]
const isCommitted = (entry: object) => 'committedAtEpochMs' in entry && !('releasedAtEpochMs' in entry)
const committed = written.entries.filter(isCommitted)
/** In the future of everything that was written. */
const later = Date.now() + 1000

async function expectCommitted({ store, manifest }: ReturnType<typeof openPlace>) {
  for (const { attachmentId, sessionId, generation, meta } of committed) {
    const session = new SessionScopedAttachmentStore(store, manifest, sessionId)
    const found = await session.get(attachmentId, { generation })
    expect(contentId(found.bytes)).toBe(attachmentId)
    expect(found.meta).toMatchObject(meta ?? { mediaType: 'application/octet-stream' })
    await manifest.commitRefs(sessionId, [{ ...found.meta, generation }])
  }
}

describe.each(places)('a database of schema version 1, in %s', place => {
  test('has the same refs, with their lengths where the bytes are known', async () => {
    const { manifest } = openPlace(newVersion1(place), place)
    for (const sessionId of [chat, other, strange]) {
      expect(await Array.fromAsync(manifest.listRefs(sessionId))).toEqual(migratedRefs(sessionId))
    }
    expect(await manifest.lookup(other, idOf('intentOnly'))).not.toHaveProperty('byteLength')
  })

  test('has the same claims and tombstones, is whole, and keeps what is not ours', () => {
    const path = newVersion1(place)
    openPlace(path, place)
    const raw = rawDatabase(path)
    const rows = raw
      .prepare(`SELECT lower(hex(id)) AS id, generation, claim, claimed_at AS claimedAt, emptied_at AS emptiedAt
        FROM lash_attachment_generations ORDER BY id`)
      .all()
    expect(rows).toEqual(written.contents)
    expect(raw.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(raw.prepare('SELECT version FROM lash_attachments_schema').pluck().all()).toEqual([2])
    expect(raw.pragma('user_version', { simple: true })).toBe(place === 'a file of ours' ? 2 : 42)
    if (place !== 'a file of ours') expect(raw.prepare('SELECT count(*) FROM mine').pluck().get()).toBe(0)
  })

  test('has all bytes, and commits what was put', async () => {
    const attachments = openPlace(newVersion1(place), place)
    const { store, manifest } = attachments
    for (const { id, generation } of written.blobs) {
      expect(contentId((await store.get(id, { generation })).bytes)).toBe(id)
    }
    await expectCommitted(attachments)
    const twice = { id: idOf('twice'), byteLength: 16, mediaType: 'text/plain', generation: 2 }
    await manifest.commitRefs(chat, [twice])
    await manifest.commitRefs(other, [idOf('uncommitted'), idOf('shared')])
    for (const generation of [0, 1, 3]) {
      await expect(manifest.commitRefs(chat, [{ ...twice, generation }])).rejects.toMatchObject({
        code: 'intent_expired',
      })
    }
    await expect(manifest.commitRefs(chat, [idOf('released')])).rejects.toMatchObject({ code: 'intent_expired' })
  })

  test('goes on with the generations of before', async () => {
    const attachments = openPlace(newVersion1(place), place, { now: () => written.writtenUntilEpochMs })
    const { store, manifest } = attachments
    const { overtaken, claimed } = written.claims
    // A sweeper of before wakes up. Its claim on the one was met by a put, the other still stands.
    for (const { attachmentId, generation } of [overtaken, claimed]) await store.delete(attachmentId, { generation })
    await manifest.settleClaims([overtaken, claimed])
    const next = { committed: 0, overtaken: 1, claimed: 1, again: 1, twice: 2, tombstone: 1, tombstoneAt3: 3, stray: 0 }
    for (const [name, generation] of Object.entries(next)) {
      expect(await manifest.recordIntent(intentOf(idOf(name), 'new')), name).toBe(generation)
    }
    await expectCommitted(attachments)
  })

  test('loses nothing when sweeps and audits take the rest and all tombstones are purged', async () => {
    const attachments = openPlace(newVersion1(place), place, { tombstoneRetentionMs: 0, now: () => later })
    const { store, manifest } = attachments
    const swept = await reclaimOrphanedAttachments(manifest, store, later)
    // The copies of: uncommitted, intentOnly, released, releasedUncommitted, twice, and the claim that stood.
    expect(swept).toMatchObject({ reclaimedCount: 6, failures: [] })
    await manifest.settleClaims([])
    expect(await manifest.recordIntent(intentOf(contentId(Buffer.from('new')), 'new'))).toBe(3)
    expect(await manifest.recordIntent(intentOf(idOf('committed'), 'new'))).toBe(0)
    await expectCommitted(attachments)

    const audited = await reclaimUnreferencedAttachments(manifest, store, later)
    // The old copy of what was put again while it was claimed, and the blob that no ref ever named.
    expect(audited).toMatchObject({ unreferencedCount: 2, reclaimedCount: 2, failures: [] })
    await expectCommitted(attachments)
    const kept = (await Array.fromAsync(store.list())).map(({ id, generation }) => `${id}.${generation}`)
    const named = committed.map(({ attachmentId, generation }) => `${attachmentId}.${generation}`)
    expect(kept.sort()).toEqual([...new Set(named)].sort())
  })

  test('is as it was when the migration fails midway', () => {
    const path = newVersion1(place)
    const raw = rawDatabase(path)
    raw.exec('CREATE TABLE lash_attachment_holds (x)')
    const before = raw.serialize()
    expect(() => openPlace(path, place)).toThrow('lash_attachment_holds already exists')
    expect(raw.serialize().equals(before)).toBe(true)
    raw.exec('DROP TABLE lash_attachment_holds')
    expect(openPlace(path, place).store.persistence).toBe('durable')
  })
})

test('a length that was not known is filled by the next intent, also where the ref stays committed', async () => {
  const path = newVersion1('a file of ours')
  rawDatabase(path).exec('DELETE FROM lash_attachment_blobs')
  const { manifest } = openPlace(path, 'a file of ours')
  const id = idOf('committed')
  const before = await manifest.lookup(chat, id)
  expect(before).not.toHaveProperty('byteLength')
  await manifest.recordIntent(intentOf(id, chat, { byteLength: 8, intentAtEpochMs: 7, meta: { mediaType: 'a/b' } }))
  expect(await manifest.lookup(chat, id)).toEqual({ ...before, byteLength: 8, intentAtEpochMs: 7 })
})

test('a migrated database has the schema of a new one', async () => {
  const schemaOf = (path: string) =>
    rawDatabase(path).prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all()
  const fresh = newPath()
  await new SqliteAttachmentStore(fresh).close()
  const migrated = newVersion1('a file of ours')
  await new SqliteAttachmentStore(migrated).close()
  expect(schemaOf(migrated)).toEqual(schemaOf(fresh))
})

test('processes that open a database of version 1 at once all find it migrated', async () => {
  const path = newVersion1('a file of ours')
  const names = ['one', 'two', 'three']
  const child = new URL('../children/first-open.ts', import.meta.url)
  await Promise.all(names.map(name => linesOf(child, [path, name])))
  const attachments = openSqliteAttachments(path)
  onTestFinished(() => attachments.close())
  for (const name of names) expect(await Array.fromAsync(attachments.manifest.listRefs(name))).toHaveLength(2)
  await expectCommitted(attachments)
})
