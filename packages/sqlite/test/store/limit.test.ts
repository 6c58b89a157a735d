import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { newPath } from '../folder.ts'

test('content that another store prepared is held to the limit, and nothing of it stays', async () => {
  const { store, manifest, close } = openSqliteAttachments(newPath(), { maxByteLength: 10 })
  onTestFinished(() => close())
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  const content = await new InMemoryAttachmentStore().prepare(new Uint8Array(11))
  for (const each of [session, store]) {
    const put = each.put(content, { mediaType: 'text/plain' })
    await expect(put).rejects.toMatchObject({ code: 'too_large', maxByteLength: 10 })
  }
  expect(await Array.fromAsync(store.list())).toEqual([])
  expect(await Array.fromAsync(manifest.listRefs('session'))).toEqual([])
})
