import { type AttachmentManifest, contentId, type OrphanClaim } from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'
import { InMemoryAttachmentManifest } from '@lash/attachments-memory'
import { expect, test } from 'vitest'

const year = 365 * 24 * 60 * 60 * 1000

function idOf(name: string): string {
  return contentId(new TextEncoder().encode(name))
}

function record(manifest: AttachmentManifest, name: string): Promise<number> {
  const attachmentId = idOf(name)
  return manifest.recordIntent({
    attachmentId,
    sessionId: 'session',
    canonicalUri: canonicalUri(attachmentId),
    byteLength: name.length,
    intentAtEpochMs: 0,
  })
}

function claim(manifest: AttachmentManifest): Promise<OrphanClaim[]> {
  return manifest.claimOrphans({ olderThanEpochMs: 0, limit: 10_000 })
}

/** Records an intent, lets a sweep take it to its end, and returns the generation it had. */
async function recordAndReclaim(manifest: AttachmentManifest, name: string): Promise<number> {
  const generation = await record(manifest, name)
  await manifest.settleClaims(await claim(manifest))
  return generation
}

test('what is reclaimed is forgotten at once, and no generation of it is used again', async () => {
  const manifest = new InMemoryAttachmentManifest()
  for (let round = 0; round < 5; round++) expect(await recordAndReclaim(manifest, 'a')).toBe(round)
  // Content that nobody has heard of starts there too: this is how it shows that `a` has no row.
  expect(await record(manifest, 'b')).toBe(5)
})

test('a retention of 0 does without the clock, which may be set back by any time', async () => {
  let time = 0
  const manifest = new InMemoryAttachmentManifest({ now: () => time })
  for (const now of [26 * year, 0, -26 * year, 26 * year]) {
    time = now
    const before = await recordAndReclaim(manifest, `at ${now}`)
    expect(await recordAndReclaim(manifest, `after ${now}`)).toBe(before + 1)
  }
})

test('remembers a generation for as long as it is told to, and no longer', async () => {
  let time = 0
  const manifest = new InMemoryAttachmentManifest({ now: () => time, tombstoneRetentionMs: 1000 })
  expect(await recordAndReclaim(manifest, 'a')).toBe(0)
  time = 999
  await manifest.settleClaims([])
  expect(await record(manifest, 'new before the purge')).toBe(0)
  time = 1000
  await manifest.settleClaims([])
  expect(await record(manifest, 'new after the purge')).toBe(1)
  expect(await record(manifest, 'a')).toBe(1)
})

test('a purge raises the floor above all that it purges, and never lowers it', async () => {
  let time = 0
  const manifest = new InMemoryAttachmentManifest({ now: () => time, tombstoneRetentionMs: 10 })
  for (let round = 0; round < 3; round++) expect(await recordAndReclaim(manifest, 'often')).toBe(round)
  expect(await recordAndReclaim(manifest, 'once')).toBe(0)
  time = 10
  await manifest.settleClaims([])
  expect(await record(manifest, 'new')).toBe(3)
  expect(await record(manifest, 'once')).toBe(3)
})

test('content that somebody refers to keeps its generation when other content is purged', async () => {
  const manifest = new InMemoryAttachmentManifest()
  await record(manifest, 'kept')
  await manifest.commitRefs('session', [idOf('kept')])
  await recordAndReclaim(manifest, 'purged')
  expect(await record(manifest, 'new')).toBe(1)
  expect(await record(manifest, 'kept')).toBe(0)
  expect((await manifest.lookup('session', idOf('kept')))?.committedAtEpochMs).toBeDefined()
})

test('content under a claim keeps its generation too, and an intent that meets the claim moves on from there', async () => {
  const manifest = new InMemoryAttachmentManifest()
  for (let round = 0; round < 5; round++) await recordAndReclaim(manifest, 'often')
  expect(await record(manifest, 'claimed')).toBe(5)
  const [standing] = await claim(manifest)
  expect(standing).toMatchObject({ attachmentId: idOf('claimed'), generation: 5 })
  await manifest.forget(idOf('other'))
  expect(await record(manifest, 'claimed')).toBe(6)
  await manifest.settleClaims([standing as OrphanClaim])
  expect(await record(manifest, 'claimed')).toBe(6)
})

test('of unknown content, a copy below the floor is free to delete, and one at the floor is claimed', async () => {
  const manifest = new InMemoryAttachmentManifest()
  for (let round = 0; round < 2; round++) await recordAndReclaim(manifest, 'a')
  const copies = [0, 1, 2].map(generation => ({ id: idOf('a'), generation }))
  const free = await manifest.claimBlobs(copies.slice(0, 2))
  expect(free.map(claimed => claimed.generation).sort()).toEqual([0, 1])
  // Nothing knows of these claims: content starts at the floor, as before.
  expect(await recordAndReclaim(manifest, 'b')).toBe(2)
  const dry = await manifest.claimBlobs([{ id: idOf('c'), generation: 3 }], { dryRun: true })
  expect(dry).toHaveLength(1)
  expect(await recordAndReclaim(manifest, 'c')).toBe(3)
  expect(await manifest.claimBlobs([{ id: idOf('d'), generation: 4 }])).toHaveLength(1)
  expect(await record(manifest, 'd')).toBe(5)
})

test('what is forgotten by hand leaves nothing behind but the floor', async () => {
  const manifest = new InMemoryAttachmentManifest()
  await record(manifest, 'a')
  await manifest.forget(idOf('a'))
  expect(await record(manifest, 'b')).toBe(1)
})

/** If a settlement forgot fewer than it settles, the floor would fall behind the rounds. */
test('forgets as much as it settles, so that the manifest does not grow with what it has reclaimed', async () => {
  const manifest = new InMemoryAttachmentManifest()
  for (let round = 0; round < 3; round++) {
    for (let number = 0; number < 5000; number++) {
      expect(await record(manifest, `${round} ${number}`)).toBe(round)
    }
    const claims = await claim(manifest)
    expect(claims).toHaveLength(5000)
    await manifest.settleClaims(claims)
  }
})
