import {
  AttachmentClosedError,
  AttachmentInvalidArgumentError,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { openPostgresAttachments, type PostgresAttachmentsOptions } from '@lash/attachments-postgres'
import { describe, expect, test } from 'vitest'
import { bytesOf, closing, freshName, freshSchema, idOf, intentOf, text } from './server.ts'

/** Options of a pool of its own, and how many connections that has. */
async function ownPool(max = 4) {
  const { url, schema, admin } = await freshSchema()
  const name = freshName()
  const options: PostgresAttachmentsOptions = { schema, poolConfig: { max, application_name: name } }
  const connections = async () => {
    const { rows } = await admin.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [name])
    return rows.length
  }
  return { url, schema, admin, options, connections }
}

test('a small put of a session is one transaction, which writes the intent and the bytes', async () => {
  const { url, schema, admin, options } = await ownPool()
  const { store, manifest } = closing(openPostgresAttachments(url, options))
  await new SessionScopedAttachmentStore(store, manifest, 'session').put(bytesOf('a'), text)
  const { rows } = await admin.query(
    `SELECT r.xmin = b.xmin AS together FROM ${schema}.attachment_holds r JOIN ${schema}.attachment_blobs b USING (id)`,
  )
  expect(rows).toEqual([{ together: true }])
})

test('store and manifest take their connections from one pool', async () => {
  const { url, options, connections } = await ownPool(1)
  const { store, manifest } = closing(openPostgresAttachments({ ...options, connectionString: url }))
  const names = Array.from({ length: 10 }, (_, index) => `of ${index}`)
  await Promise.all(names.flatMap(name => [store.put(bytesOf(name), text), manifest.recordIntent(intentOf(name, 's'))]))
  expect(await connections()).toBe(1)
})

describe('close', () => {
  test('ends the pool once, however often it is called, and refuses later calls', async () => {
    const { url, options, connections } = await ownPool()
    const { store, manifest, close } = openPostgresAttachments(url, options)
    const put = store.put(bytesOf('a'), text)
    await Promise.all([close(), close()])
    await close()
    await put
    await expect.poll(connections).toBe(0)
    await expect(store.stat(idOf('a'))).rejects.toBeInstanceOf(AttachmentClosedError)
    await expect(manifest.lookup('session', idOf('a'))).rejects.toBeInstanceOf(AttachmentClosedError)
  })

  test('of one half leaves the pool to the other, whose close ends it', async () => {
    const { url, options, connections } = await ownPool()
    const { store, manifest } = openPostgresAttachments(url, options)
    await store.close()
    expect(await manifest.lookup('session', idOf('a'))).toBeUndefined()
    await manifest.close()
    await expect.poll(connections).toBe(0)
  })

  test('comes at the end of `await using`', async () => {
    const { url, options, connections } = await ownPool()
    const attachments = openPostgresAttachments(url, options)
    await attachments.store.put(bytesOf('a'), text)
    await attachments[Symbol.asyncDispose]()
    await expect.poll(connections).toBe(0)
  })

  test('leaves the pool of the host open', async () => {
    const { pool, schema } = await freshSchema()
    const { store, manifest, close } = openPostgresAttachments({ pool, schema })
    await store.put(bytesOf('a'), text)
    await manifest.recordIntent(intentOf('a', 'session'))
    await close()
    await close()
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})

test('options that cannot be right are refused, and leave no pool behind', async () => {
  const { url, options, connections } = await ownPool()
  expect(() => openPostgresAttachments(url, { ...options, maxByteLength: -1 })).toThrow(AttachmentInvalidArgumentError)
  expect(() => openPostgresAttachments(url, { ...options, tombstoneRetentionMs: -1 })).toThrow(
    AttachmentInvalidArgumentError,
  )
  expect(() => openPostgresAttachments({})).toThrow(/give a pool, a connectionString or a poolConfig/)
  expect(await connections()).toBe(0)
})
