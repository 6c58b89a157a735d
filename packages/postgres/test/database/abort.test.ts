import { contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { expect, onTestFinished, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, intentOf, poolOf, proxiedSchema, text, untilBlocked } from '../server.ts'

test('a put that waits for another is aborted at once, and its connection does no harm afterwards', async () => {
  const { pool, schema, admin } = await freshSchema()
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  await store.stat(idOf('a'))
  const rival = await pool.connect()
  onTestFinished(() => rival.release(true))
  await rival.query('BEGIN')
  const insert = `
    INSERT INTO ${schema}.attachment_blobs (id, generation, byte_length, media_type)
    VALUES ($1, 0, 1, 'text/plain')`
  await rival.query(insert, [`\\x${idOf('a')}`])
  const abort = new AbortController()
  const putting = store.put(bytesOf('a'), text, { signal: abort.signal })
  await untilBlocked(admin, schema)
  const reason = new Error('enough')
  abort.abort(reason)
  await expect(putting).rejects.toBe(reason)
  await rival.query('ROLLBACK')
  await Promise.all(Array.from({ length: 20 }, () => store.stat(idOf('a'))))
  expect(await store.stat(idOf('a'))).toBeUndefined()
})

test('a get on a connection that has gone silent is aborted all the same', async () => {
  const { proxy, connectionString, schema } = await proxiedSchema()
  const store = closing(new PostgresAttachmentStore({ connectionString, schema }))
  await store.put(bytesOf('a'), text)
  const restore = proxy.stall()
  onTestFinished(restore)
  await expect(store.get(idOf('a'), { signal: AbortSignal.timeout(20) })).rejects.toThrow(/timeout/)
  restore()
  expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
})

test('every call that waits for a connection hears its signal, and the connection goes back to the pool', async () => {
  const { url, schema } = await freshSchema()
  const pool = poolOf(url, { max: 1 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const big = bytesOf('big', 5_000_000)
  const { id } = await store.put(bytesOf('a'), text)
  await manifest.recordIntent(intentOf('a', 'session'))
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
    signal => store.put(new Blob([big]).stream(), text, { signal }),
    signal => store.put(big, text, { signal }),
    signal => store.put(bytesOf('b'), text, { signal }),
    signal => session.put(bytesOf('b'), text, { signal }),
    signal => store.get(id, { signal }),
    signal => store.stream(id, { signal }),
    signal => store.stat(id, { signal }),
    signal => store.delete(id, { signal }),
    signal => store.list({ signal }).next(),
    signal => manifest.commitRefs('session', [id], { signal }),
  ]
  const client = await pool.connect()
  for (const call of calls) {
    const abort = new AbortController()
    const waiting = pool.waitingCount
    const outcome = call(abort.signal).catch(error => error)
    while (pool.waitingCount === waiting) await new Promise(resolve => setImmediate(resolve))
    abort.abort(new Error('enough'))
    expect(await outcome).toBe(abort.signal.reason)
  }
  client.release()
  while (pool.waitingCount > 0 || pool.idleCount === 0) await new Promise(resolve => setImmediate(resolve))
  expect(pool.totalCount).toBe(1)
  expect((await store.get(id)).bytes).toEqual(bytesOf('a'))
  for (const absent of [contentId(big), idOf('b')]) expect(await store.stat(absent)).toBeUndefined()
})
