import { contentId } from '@lash/attachments-core'
import { SqliteAttachmentStore } from '@lash/attachments-sqlite'
import { linesOf } from '@lash/attachments-testing'
import { expect, onTestFinished, test } from 'vitest'
import { WatchedStore } from '../children/watched-store.ts'
import { newPath, rawDatabase } from '../folder.ts'

const meta = { mediaType: 'application/octet-stream' }

test('a writer killed between two chunks leaves nothing to read, blocks nobody, and is cleaned up', async () => {
  const path = newPath()
  const child = linesOf(new URL('../children/die-between-chunks.ts', import.meta.url), [path])
  await expect(child).rejects.toMatchObject({ signal: 'SIGKILL' })

  const raw = rawDatabase(path)
  const chunks = () => raw.prepare('SELECT count(*) FROM lash_attachment_chunks').pluck().get()
  expect(chunks()).toBe(32)

  const store = new SqliteAttachmentStore({ path })
  onTestFinished(() => store.close())
  const bytes = new Uint8Array(12 * 1024 * 1024)
  const id = contentId(bytes)
  expect(await store.stat(id)).toBeUndefined()
  expect(await Array.fromAsync(store.list())).toEqual([])
  await expect(store.get(id)).rejects.toMatchObject({ code: 'not_found' })

  // As though two hours had passed.
  raw.prepare('UPDATE lash_attachment_uploads SET touched_at = touched_at - 7200000').run()
  await store.put(bytes, meta)
  expect(Buffer.compare((await store.get(id)).bytes, bytes)).toBe(0)
  await store.delete(id)
  expect(chunks()).toBe(0)
  expect(raw.prepare('SELECT count(*) FROM lash_attachment_uploads').pluck().get()).toBe(0)
})

test("an upload taken for a dead writer's starts again, and stores all of it", async () => {
  const path = newPath()
  const store = new WatchedStore({ path })
  onTestFinished(() => store.close())
  const raw = rawDatabase(path)
  const bytes = new Uint8Array(9 * 1024 * 1024).map((_, index) => index >> 12)
  let streams = 0
  const id = await store.putWatched(bytes, (passed, stream) => {
    streams = stream
    // Once, somebody else takes the upload for a dead writer's and cleans it up.
    if (stream === 1 && passed > 6 * 1024 * 1024) raw.exec('DELETE FROM lash_attachment_uploads')
  })
  expect(streams).toBe(2)
  expect(Buffer.compare((await store.get(id)).bytes, bytes)).toBe(0)
})
