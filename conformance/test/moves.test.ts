import { join } from 'node:path'
import type { ManifestHarness } from '@lash/attachments-conformance'
import { type AttachmentContentRecord, type AttachmentManifest, contentId } from '@lash/attachments-core'
import { copyManifest } from '@lash/attachments-core/maintenance'
import { InMemoryAttachmentManifest } from '@lash/attachments-memory'
import { PostgresAttachmentManifest } from '@lash/attachments-postgres'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { linesOf, newFolder } from '@lash/attachments-testing'
import { PostgresGround } from '@lash/attachments-testing/postgres'
import { expect, onTestFinished, test } from 'vitest'
import { lmdbManifestHarness } from './harnesses/lmdb.ts'
import { portableManifestHarness } from './harnesses/portable.ts'
import { postgresManifestHarness } from './harnesses/postgres.ts'
import { redisManifestHarness } from './harnesses/redis.ts'
import { sqliteManifestHarness } from './harnesses/sqlite.ts'
import { missingServer } from './matrix/columns.ts'

const endOfTime = Date.UTC(2200, 0)

function idOf(name: string): string {
  return contentId(new TextEncoder().encode(name))
}

function intentOf(name: string, sessionId: string, holder = '') {
  const attachmentId = idOf(name)
  return {
    attachmentId,
    sessionId,
    holder,
    canonicalUri: `sha256:${attachmentId}`,
    byteLength: 7,
    intentAtEpochMs: 1000,
  }
}

/** Everything that it has exported, in an order of our own. */
async function contentsOf(
  manifest: AttachmentManifest,
): Promise<{ floor: number; contents: AttachmentContentRecord[] }> {
  let floor = -1
  const contents = new Map<string, AttachmentContentRecord>()
  for await (const record of manifest.exportContents()) {
    if ('floor' in record) floor = record.floor
    else {
      const refs = [...(contents.get(record.attachmentId)?.refs ?? []), ...record.refs]
      contents.set(record.attachmentId, {
        ...record,
        refs: refs.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1)),
      })
    }
  }
  return {
    floor,
    contents: [...contents.values()].sort((one, other) => (one.attachmentId < other.attachmentId ? -1 : 1)),
  }
}

function nameOf({ sessionId, holder }: { sessionId: string; holder: string }): string {
  return JSON.stringify([sessionId, holder])
}

/** A manifest that has seen all that can be seen, with so many contents that one session holds beside. */
async function fill(manifest: AttachmentManifest, count: number): Promise<void> {
  const reclaim = async (name: string) => {
    await manifest.recordIntent(intentOf(name, 'gone'))
    const claims = await manifest.claimOrphans({ olderThanEpochMs: endOfTime, limit: 1, ids: [idOf(name)] })
    await manifest.settleClaims(claims)
  }
  const odd = 'a "session" \\ with \u{1f4ce}, é and \n'
  const meta = { mediaType: 'image/png', width: 1, height: 2, label: `${odd}.png` }
  await manifest.recordIntent({ ...intentOf('shared', odd, 'draft'), intentAtEpochMs: -5, meta })
  await manifest.recordIntent(intentOf('shared', odd, 'x'.repeat(512)))
  await manifest.recordIntent(intentOf('shared', 'other'))
  await manifest.commitRefs(odd, [idOf('shared')], { holder: 'draft' })
  await manifest.releaseRefs('other')
  await reclaim('again')
  await reclaim('again')
  await manifest.recordIntent(intentOf('again', 'session'))
  await reclaim('buried')
  await manifest.recordIntent(intentOf('claimed', 'gone'))
  await manifest.claimOrphans({ olderThanEpochMs: endOfTime, limit: 1, ids: [idOf('claimed')] })
  const names = Array.from({ length: count }, (_, number) => `content ${number}`)
  await Promise.all(names.map(name => manifest.recordIntent(intentOf(name, 'many'))))
  await manifest.commitRefs('many', names.map(idOf))
}

/** A fresh one, gone after the test. */
async function made(harness: ManifestHarness): Promise<AttachmentManifest> {
  const { manifest, dispose } = await harness.create()
  onTestFinished(async () => {
    await dispose()
    await harness.cleanup()
  })
  return manifest
}

test('what a manifest knows goes through every other backend and comes back the same', async () => {
  await using first = new InMemoryAttachmentManifest({ tombstoneRetentionMs: Number.POSITIVE_INFINITY })
  await fill(first, 50)
  const { contents } = await contentsOf(first)
  const moved = contents.map(({ claimedAtEpochMs, ...content }) =>
    claimedAtEpochMs === undefined
      ? content
      : { ...content, generation: content.generation + 1, emptiedAtEpochMs: claimedAtEpochMs },
  )
  const stations = [
    portableManifestHarness({ maxChanges: 100 }),
    sqliteManifestHarness(),
    ...(missingServer('postgres') ? [] : [postgresManifestHarness()]),
    lmdbManifestHarness(),
    ...(missingServer('redis') ? [] : [redisManifestHarness()]),
  ]
  let from: AttachmentManifest = first
  for (const station of stations) {
    const to = await made(station)
    const report = await copyManifest(from, to)
    expect(report, station.name).toEqual({ contentCount: 54, refCount: 54, floor: 0 })
    expect(await contentsOf(to), station.name).toEqual({ floor: 0, contents: moved })
    from = to
  }
  await using last = new InMemoryAttachmentManifest({ tombstoneRetentionMs: Number.POSITIVE_INFINITY })
  await copyManifest(from, last)
  expect(await contentsOf(last)).toEqual({ floor: 0, contents: moved })
  expect(await last.recordIntent(intentOf('claimed', 'session'))).toBe(1)
  expect(await last.recordIntent(intentOf('again', 'another'))).toBe(2)
})

test.skipIf(missingServer('postgres'))(
  'a copy to PostgreSQL that is killed leaves nothing, and is done again',
  async () => {
    const ground = new PostgresGround()
    onTestFinished(() => ground.cleanup())
    const { url, schema, drop } = await ground.freshSchema()
    onTestFinished(drop)
    const path = join(newFolder(), 'refs.db')
    await using from = new SqliteAttachmentManifest(path)
    await fill(from, 1100)
    const copying = linesOf(new URL('children/dies-copying-refs.ts', import.meta.url), [path, url, schema, '1050'])
    await expect(copying).rejects.toMatchObject({ signal: 'SIGKILL' })
    await using to = new PostgresAttachmentManifest({ connectionString: url, schema })
    expect(await contentsOf(to)).toEqual({ floor: 0, contents: [] })
    await copyManifest(from, to)
    const { contents } = await contentsOf(to)
    expect(contents).toHaveLength(1104)
    // By now it has been used.
    await expect(copyManifest(from, to)).rejects.toMatchObject({ code: 'invalid_argument' })
    expect((await contentsOf(to)).contents).toEqual(contents)
  },
)
