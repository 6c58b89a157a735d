import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { expect, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, noGrace, text } from '../server.ts'

async function setUp() {
  const fresh = await freshSchema()
  return { ...fresh, store: closing(new PostgresAttachmentStore({ pool: fresh.pool, schema: fresh.schema })) }
}

test('a small put through a session on one pool is one statement, and heals and moves on as two would', async () => {
  const { store, pool, schema, admin } = await setUp()
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  const bytes = bytesOf('a')
  await session.put(bytes, text)
  const statements: string[] = []
  pool.on('acquire', () => statements.push('one'))
  const label = { ...text, label: 'b' }
  const ref = await session.put(bytesOf('b'), label)
  expect(statements).toEqual(['one'])
  expect((await session.get(ref.id)).meta).toMatchObject(label)
  expect((await session.get(ref.id)).bytes).toEqual(bytesOf('b'))

  await admin.query(`UPDATE ${schema}.attachment_blobs SET bytes = 'xx'`)
  expect(await session.put(bytes, text)).toEqual({ id: idOf('a'), byteLength: bytes.byteLength, ...text })
  expect((await session.get(idOf('a'))).bytes).toEqual(bytes)

  // A sweeper has claimed it and stalls. The put goes to the next generation, and the sweeper deletes another copy.
  const [claim] = await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 1, ids: [idOf('a')] })
  const moved = await session.put(bytes, text)
  expect(moved.generation).toBe(1)
  await store.delete(idOf('a'), { generation: claim?.generation })
  await session.commit().catch(() => {})
  expect((await session.get(idOf('a'))).bytes).toEqual(bytes)
})

test('a put through a session whose store is limited, closed or elsewhere is not done in one statement', async () => {
  const { pool, schema, url, store } = await setUp()
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const limited = closing(new PostgresAttachmentStore({ pool, schema, maxByteLength: 3 }))
  const elsewhere = closing(new PostgresAttachmentStore({ connectionString: url, schema }))
  const closed = new PostgresAttachmentStore({ pool, schema })
  await closed.close()
  const content = await store.prepare(bytesOf('abcd'))
  const putTo = (inner: PostgresAttachmentStore) =>
    new SessionScopedAttachmentStore(inner, manifest, 'session').put(content, text)
  await expect(putTo(limited)).rejects.toMatchObject({ code: 'too_large' })
  await expect(putTo(closed)).rejects.toMatchObject({ code: 'closed' })
  expect(await store.stat(idOf('abcd'))).toBeUndefined()
  await putTo(elsewhere)
  expect(await store.stat(idOf('abcd'))).toBeDefined()
})
