import { AttachmentIntentExpiredError, AttachmentInvalidArgumentError, contentId } from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'
import { InMemoryAttachmentManifest } from '@lash/attachments-memory'
import { expect, test } from 'vitest'

const day = 24 * 60 * 60 * 1000

function idOf(name: string): string {
  return contentId(new TextEncoder().encode(name))
}

function intent(name: string, sessionId: string, intentAtEpochMs: number) {
  const attachmentId = idOf(name)
  return {
    attachmentId,
    sessionId,
    holder: '',
    canonicalUri: canonicalUri(attachmentId),
    byteLength: name.length,
    intentAtEpochMs,
  }
}

test('claims, commits and releases carry the time of the injected clock', async () => {
  let time = 1000
  const manifest = new InMemoryAttachmentManifest({ now: () => time })
  await manifest.recordIntent(intent('a', 'session', 5))
  await manifest.commitRefs('session', [idOf('a')])
  time = 2000
  await manifest.releaseRefs('session')
  expect(await manifest.lookup('session', idOf('a'))).toEqual({
    ...intent('a', 'session', 5),
    generation: 0,
    committedAtEpochMs: 1000,
    releasedAtEpochMs: 2000,
  })
  time = 3000
  const query = { olderThanEpochMs: 2000, limit: 1 }
  expect(await manifest.claimOrphans(query)).toHaveLength(1)
  expect(await manifest.claimOrphans({ ...query, staleClaimEpochMs: 2999 })).toEqual([])
  expect(await manifest.claimOrphans({ ...query, staleClaimEpochMs: 3000 })).toHaveLength(1)
})

test('refuses a transaction that it cannot join, and a retention that is not a time', async () => {
  const manifest = new InMemoryAttachmentManifest()
  await manifest.recordIntent(intent('a', 'session', 0))
  await expect(manifest.commitRefs('session', [idOf('a')], { client: {} })).rejects.toThrow(
    AttachmentInvalidArgumentError,
  )
  expect((await manifest.lookup('session', idOf('a')))?.committedAtEpochMs).toBeUndefined()
  expect(() => new InMemoryAttachmentManifest({ tombstoneRetentionMs: Number.NaN })).toThrow(
    AttachmentInvalidArgumentError,
  )
})

test('finds the orphans among ages in any order, before 1970 too', async () => {
  const manifest = new InMemoryAttachmentManifest()
  const ages = [5 * day, -3 * day, 0, -1, 70_000, 2 * day, 65_536, 65_535]
  for (const age of ages) await manifest.recordIntent(intent(`${age}`, 'session', age))
  const claims = await manifest.claimOrphans({ olderThanEpochMs: 65_535, limit: 100 })
  const expected = ages.filter(age => age <= 65_535).map(age => idOf(`${age}`))
  expect(claims.map(claim => claim.attachmentId).sort()).toEqual(expected.sort())
})

test('a listing leaves out what a sweep took, or a session committed, since it began', async () => {
  const manifest = new InMemoryAttachmentManifest()
  for (const name of ['a', 'b', 'c']) await manifest.recordIntent(intent(name, 'session', 0))
  const refs: string[] = []
  for await (const entry of manifest.listRefs('session')) {
    refs.push(entry.attachmentId)
    await manifest.claimOrphans({ olderThanEpochMs: 0, limit: 1, ids: [idOf('b')] })
  }
  expect(refs).toEqual([idOf('a'), idOf('c')])
  const uncommitted: string[] = []
  for await (const entry of manifest.listUncommitted(0)) {
    uncommitted.push(entry.attachmentId)
    await manifest.commitRefs('session', [idOf('c')])
  }
  expect(uncommitted).toEqual([idOf('a')])
})

/**
 * One model, two ways to know: the index of the manifest and a plain scan of what it lists must name the same orphans.
 */
test('what a sweep takes is what the listing before it showed, over a thousand mixed steps', async () => {
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  let time = 0
  const manifest = new InMemoryAttachmentManifest({ now: () => time })
  for (let step = 0; step < 1000; step++) {
    time += random(30_000)
    const name = `content ${random(12)}`
    const session = `session ${random(4)}`
    const kind = random(10)
    if (kind < 4) await manifest.recordIntent(intent(name, session, time - random(100_000)))
    else if (kind < 6) await manifest.commitRefs(session, [idOf(name)]).catch(expectExpired)
    else if (kind < 8) await manifest.releaseRefs(session, [idOf(name)])
    else {
      const olderThanEpochMs = time - random(120_000)
      const listed = new Set<string>()
      for await (const entry of manifest.listUncommitted(olderThanEpochMs)) listed.add(entry.attachmentId)
      const claims = await manifest.claimOrphans({ olderThanEpochMs, limit: 100 })
      expect(claims.map(claim => claim.attachmentId).sort()).toEqual([...listed].sort())
      if (random(2) === 0) await manifest.settleClaims(claims)
    }
  }
})

function expectExpired(error: unknown): void {
  expect(error).toBeInstanceOf(AttachmentIntentExpiredError)
}
