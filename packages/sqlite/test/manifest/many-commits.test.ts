import { createHash } from 'node:crypto'
import type { AttachmentRef } from '@lash/attachments-core'
import { openSqliteAttachments, type SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { newPath } from '../folder.ts'

const idOf = (number: number): string => createHash('sha256').update(`body ${number}`).digest('hex')
const intent = (manifest: SqliteAttachmentManifest, sessionId: string, id: string) =>
  manifest.recordIntent({
    attachmentId: id,
    sessionId,
    canonicalUri: `sha256:${id}`,
    byteLength: 3,
    intentAtEpochMs: 1,
  })
const ref = (id: string, generation: number): AttachmentRef => ({ id, byteLength: 1, mediaType: 'a/b', generation })

async function newManifest() {
  const { manifest, close } = openSqliteAttachments(newPath())
  onTestFinished(() => close())
  return manifest
}

async function committed(manifest: SqliteAttachmentManifest, sessionId: string): Promise<string[]> {
  const entries = await Array.fromAsync(manifest.listRefs(sessionId))
  return entries.filter(entry => entry.committedAtEpochMs !== undefined).map(({ attachmentId }) => attachmentId)
}

// A few are committed on the event loop's thread, many on the writer thread.
test.each([10, 3000])('%i refs are committed together, all of them or none, and released', async count => {
  const manifest = await newManifest()
  const ids = Array.from({ length: count }, (_, number) => idOf(number))
  await Promise.all([...ids.map(id => intent(manifest, 'a', id)), ...ids.map(id => intent(manifest, 'b', id))])
  const [known, swept, released, claimed, wrong] = ids as [string, string, string, string, string]

  // At generation 1, because a sweep has taken generation 0.
  await manifest.releaseRefs('a', [swept])
  await manifest.releaseRefs('b', [swept])
  const query = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 1 }
  await manifest.settleClaims(await manifest.claimOrphans({ ...query, ids: [swept] }))
  expect(await intent(manifest, 'a', swept)).toBe(1)

  await manifest.commitRefs('a', [known])
  const since = (await manifest.lookup('a', known))?.committedAtEpochMs
  await manifest.releaseRefs('a', [released])
  await manifest.releaseRefs('a', [claimed])
  await manifest.releaseRefs('b', [claimed])
  expect(await manifest.claimOrphans({ ...query, ids: [claimed] })).toHaveLength(1)

  const others = ids.slice(5)
  const unknown = idOf(-1)
  const bad = [swept, released, claimed, unknown, ref(wrong, 1)]
  const attempt = manifest.commitRefs('a', [known, ...others.slice(0, 2), ...bad, ...others, released])
  const error = await attempt.catch((caught: unknown) => caught)
  // A bare id stands for generation 1 too.
  expect(error).toMatchObject({ code: 'intent_expired' })
  expect([...(error as { ids: string[] }).ids].sort()).toEqual([released, claimed, unknown, wrong].sort())
  expect(await committed(manifest, 'a')).toEqual([known])

  await manifest.commitRefs('a', [known, swept, wrong, ...others, ...others.slice(0, 3), ref(known, 0), ref(swept, 1)])
  expect((await committed(manifest, 'a')).sort()).toEqual([known, swept, wrong, ...others].sort())
  expect((await manifest.lookup('a', known))?.committedAtEpochMs).toBe(since)
  expect(await committed(manifest, 'b')).toEqual([])

  // Ids that are unknown or malformed are ignored.
  await manifest.releaseRefs('a', [known, unknown, 'nonsense', ...others])
  const left = (await Array.fromAsync(manifest.listRefs('a'))).filter(entry => entry.releasedAtEpochMs === undefined)
  expect(left.map(({ attachmentId }) => attachmentId).sort()).toEqual([swept, wrong].sort())
  const kept = (await Array.fromAsync(manifest.listRefs('b'))).filter(entry => entry.releasedAtEpochMs === undefined)
  expect(kept).toHaveLength(count - 2)
})
