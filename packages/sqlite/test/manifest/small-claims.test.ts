import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { newPath, rawDatabase } from '../folder.ts'

const meta = { mediaType: 'application/octet-stream' }
const all = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 10_000 }

async function newSession() {
  const path = newPath()
  const attachments = openSqliteAttachments(path, { busyTimeoutMs: 0 })
  onTestFinished(() => attachments.close())
  const session = new SessionScopedAttachmentStore(attachments.store, attachments.manifest, 'session')
  return { ...attachments, session, raw: rawDatabase(path) }
}

test('a claim that finds nothing takes no lock', async () => {
  const { manifest, session, raw } = await newSession()
  await session.put(new Uint8Array(10), meta)
  await session.commit()
  raw.exec('BEGIN IMMEDIATE')
  expect(await manifest.claimOrphans({ ...all, staleClaimEpochMs: Number.MAX_SAFE_INTEGER })).toEqual([])
  expect(await manifest.claimOrphans({ ...all, releasedOnly: true })).toEqual([])
})

// A few are claimed and released on the event loop's thread, many on the writer thread.
test.each([3, 700])('%i released orphans are claimed once each', async count => {
  const { manifest, session } = await newSession()
  const puts = Array.from({ length: count }, (_, number) => session.put(Buffer.from(`body ${number}`), meta))
  const ids = (await Promise.all(puts)).map(({ id }) => id)
  await session.commit()
  expect(await manifest.claimOrphans(all)).toEqual([])
  await session.release()
  const claimed = (await manifest.claimOrphans(all)).map(({ attachmentId }) => attachmentId)
  expect(claimed.sort()).toEqual(ids.sort())
  expect(await manifest.claimOrphans(all)).toEqual([])
})
