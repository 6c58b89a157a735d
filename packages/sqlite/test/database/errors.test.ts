import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'

const id = 'a'.repeat(64)

test('an error that only better-sqlite3 knows is the cause of an error of ours', async () => {
  const database = new Database(':memory:')
  const { store, manifest, close } = openSqliteAttachments({ database })
  onTestFinished(() => close().catch(() => {}))
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  database.close()
  const calls: Record<string, () => Promise<unknown>> = {
    stat: () => store.stat(id),
    put: () => store.put(Buffer.from('bytes'), { mediaType: 'text/plain' }),
    lookup: () => manifest.lookup('session', id),
    commitRefs: () => manifest.commitRefs('session', [id]),
    releaseRefs: () => manifest.releaseRefs('session'),
    claimOrphans: () => manifest.claimOrphans({ olderThanEpochMs: 1, limit: 1 }),
    commitRefsSync: async () => manifest.commitRefsSync('session', [id]),
    delete: () => session.delete(id),
  }
  for (const [name, call] of Object.entries(calls)) {
    const expected = { code: 'backend', cause: expect.objectContaining({ message: expect.stringMatching(/not open/) }) }
    await expect(call(), name).rejects.toMatchObject(expected)
  }
})
