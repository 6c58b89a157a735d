import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { lashAttachments } from '../command-line.ts'

const text = { mediaType: 'text/plain' }
const bytes = (content: string) => new TextEncoder().encode(content)

test('a sweep takes what nobody has committed, and an audit that would take too much is refused', async () => {
  const folder = newFolder()
  const places = ['--store', `file:${folder}/bytes`, '--manifest', `sqlite:${folder}/refs.db`]
  const store = new FileAttachmentStore(`${folder}/bytes`, { durability: 'relaxed' })
  const manifest = new SqliteAttachmentManifest(`${folder}/refs.db`)
  const session = new SessionScopedAttachmentStore(store, manifest, 'chat')
  await session.put(bytes('committed'), text)
  await session.commit()
  await session.put(bytes('never committed'), text)
  for (let stray = 0; stray < 12; stray++) await store.put(bytes(`stray ${stray}`), text)
  await Promise.all([store.close(), manifest.close()])

  const now = ['--older-than', '0s']
  const dry = await lashAttachments(['sweep', ...places, ...now, '--dry-run', '--json'])
  expect(JSON.parse(dry.stdout)).toEqual({ dryRun: true, claimedCount: 1, reclaimedCount: 0, failures: [] })
  const swept = await lashAttachments(['sweep', ...places, ...now])
  expect(swept).toMatchObject({ code: 0, stdout: 'claimedCount\t1\nreclaimedCount\t1\nfailedCount\t0\n' })

  const refused = await lashAttachments(['audit', ...places, ...now, '--json'])
  expect(refused).toMatchObject({ code: 4, stdout: '' })
  expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'audit_refused' } })
  const audited = await lashAttachments(['audit', ...places, ...now, '--json', '--max-delete-ratio', '1'])
  expect(JSON.parse(audited.stdout)).toMatchObject({ scannedCount: 13, unreferencedCount: 12, reclaimedCount: 12 })
})
