import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { expect, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, intentOf, noGrace, poolOf, text } from '../server.ts'

test('statements that somebody has discarded from a connection are prepared again', async () => {
  const { url, schema } = await freshSchema()
  const pool = poolOf(url, { max: 1 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const round = async (name: string) => {
    await store.put(bytesOf(name), text)
    expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
    await manifest.recordIntent(intentOf(name, 'session'))
    await manifest.commitRefs('session', [idOf(name)])
    await manifest.releaseRefs('session')
    await manifest.claimOrphans({ olderThanEpochMs: 0, limit: 10 })
  }
  for (const name of ['a', 'b', 'c']) {
    await round(name)
    await pool.query('DISCARD ALL')
  }
  // In a transaction of the host, the statement cannot be repeated, but the transaction can.
  await manifest.recordIntent(intentOf('a', 'session'))
  const commit = async () => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await manifest.commitRefs('session', [idOf('a')], { client })
      await client.query('COMMIT')
    } finally {
      await client.query('ROLLBACK')
      client.release()
    }
  }
  await expect(commit()).rejects.toThrow(/26000.*repeat it/)
  await commit()
})

test('without prepared statements everything works, and the server keeps none', async () => {
  const { schema, url } = await freshSchema()
  const pool = poolOf(url, { max: 1 })
  const store = closing(new PostgresAttachmentStore({ pool, schema, prepare: false }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema, prepare: false }))
  const bytes = bytesOf('a')
  await manifest.recordIntent(intentOf('a', 'session'))
  await store.put(bytes, text)
  await manifest.commitRefs('session', [idOf('a')])
  await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 10 })
  expect((await store.get(idOf('a'))).bytes).toEqual(bytes)
  expect((await pool.query('SELECT FROM pg_prepared_statements')).rowCount).toBe(0)
})

test('a statement that failed at first is prepared and read correctly later', async () => {
  const { schema, url, deny } = await freshSchema()
  const pool = poolOf(url, { max: 1 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  await store.stat(idOf('a'))
  const restore = await deny()
  await expect(store.put(bytesOf('a'), text)).rejects.toThrow('42501')
  await expect(store.get(idOf('a'))).rejects.toThrow('42501')
  await restore()
  await store.put(bytesOf('a'), text)
  expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
  expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
})
