import { AttachmentSchemaError, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { newPath, rawDatabase } from '../folder.ts'
import { intentOf } from '../intent.ts'

const [held, fresh] = ['a'.repeat(64), 'b'.repeat(64)] as const
const meta = { mediaType: 'text/plain' }

/** A database that is open here, with a committed ref. */
async function newAttachments(path = newPath()) {
  const host = new Database(path)
  const attachments = openSqliteAttachments({ database: host })
  onTestFinished(async () => {
    await attachments.close()
    host.close()
  })
  await attachments.manifest.recordIntent(intentOf(held, 's'))
  await attachments.manifest.commitRefs('s', [held])
  return { ...attachments, raw: rawDatabase(path) }
}

/** Everything that a manifest is asked for; a release of many goes to the writer thread. */
function calls({ manifest, store }: ReturnType<typeof openSqliteAttachments>): Record<string, () => unknown> {
  const query = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 1 }
  const session = new SessionScopedAttachmentStore(store, manifest, 's')
  const many = Array.from({ length: 1000 }, (_, index) => index.toString(16).padStart(64, '0'))
  return {
    recordIntent: () => manifest.recordIntent(intentOf(fresh, 's')),
    'recordIntent and put together': () =>
      session.put(new Uint8Array(3), meta).catch((error: Error) => Promise.reject(error.cause)),
    commitRefs: () => manifest.commitRefs('s', [held]),
    commitRefsSync: async () => manifest.commitRefsSync('s', [held]),
    'commitRefs of many': () => manifest.commitRefs('s', many),
    releaseRefs: () => manifest.releaseRefs('s', [held]),
    'releaseRefs of many': () => manifest.releaseRefs('s', many),
    'releaseRefs of all': () => manifest.releaseRefs('s'),
    lookup: () => manifest.lookup('s', held),
    listRefs: () => Array.fromAsync(manifest.listRefs('s')),
    listUncommitted: () => Array.fromAsync(manifest.listUncommitted(1)),
    claimOrphans: () => manifest.claimOrphans(query),
    'claimOrphans of ids': () => manifest.claimOrphans({ ...query, ids: [held] }),
    claimBlobs: () => manifest.claimBlobs([{ id: fresh, generation: 0 }]),
    'claimBlobs, dry run': () => manifest.claimBlobs([{ id: fresh, generation: 0 }], { dryRun: true }),
    settleClaims: () => manifest.settleClaims([]),
    forget: () => manifest.forget(held),
  }
}

/** As a migration to a newer version does. */
const renameTables = `
  ALTER TABLE lash_attachment_holds RENAME TO newer_holds;
  ALTER TABLE lash_attachment_generations RENAME TO newer_generations`

test('a process whose database a newer version has migrated is told so by every call, and changes nothing', async () => {
  const attachments = await newAttachments()
  const { raw } = attachments
  raw.exec(`${renameTables}; UPDATE lash_attachments_schema SET version = 3`)
  const tables = () => ['newer_holds', 'newer_generations', 'lash_attachment_blobs'].map(allOf)
  const allOf = (table: string) => raw.prepare(`SELECT * FROM ${table}`).all()
  const before = tables()
  for (const [name, call] of Object.entries(calls(attachments))) {
    const error = await Promise.resolve(call()).catch((caught: unknown) => caught)
    expect(AttachmentSchemaError.isInstance(error), `${name}: ${error}`).toBe(true)
    expect(String(error), name).toContain('was migrated to attachment schema version 3 by a newer')
    expect(String(error), name).toContain('knows versions up to 2; update this process')
  }
  expect(tables()).toEqual(before)
})

test('where tables are gone and no newer version says so, the database is damaged', async () => {
  const { raw, manifest } = await newAttachments()
  raw.exec(renameTables)
  await expect(manifest.lookup('s', held)).rejects.toThrow('lost tables of ours')
})
