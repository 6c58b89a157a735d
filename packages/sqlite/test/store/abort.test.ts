import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { newPath } from '../folder.ts'

test('a get of a big blob ends when it is aborted, and reads no further', async () => {
  const { store, close } = openSqliteAttachments(newPath())
  onTestFinished(() => close())
  const { id } = await store.put(new Uint8Array(64_000_000), { mediaType: 'image/png' })
  const abort = new AbortController()
  const getting = store.get(id, { signal: abort.signal, verify: false })
  // The event loop has its turn long before so much is read.
  setImmediate(() => abort.abort(new Error('changed my mind')))
  const outcome = getting.then(
    () => 'resolved',
    (error: Error) => error.message,
  )
  expect(await outcome).toBe('changed my mind')
  expect((await store.get(id)).bytes).toHaveLength(64_000_000)
})
